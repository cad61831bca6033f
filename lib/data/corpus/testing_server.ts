/**
 * A server of files for tests: with ranges, redirects, refusals and dropped connections, and with the two
 * paths of the Hugging Face Hub that the corpus uses.
 */

export interface Seen {
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/** A data set as the Hub has it. */
export interface Dataset {
  readonly files: Record<string, Uint8Array<ArrayBuffer>>;
  /** The token that one needs, if any. */
  readonly token?: string;
  /** Checksums that the listing claims, by path. */
  readonly sha256?: Record<string, string>;
}

export function serveFiles(
  files: Record<string, Uint8Array<ArrayBuffer>>,
  datasets: Record<string, Dataset> = {},
) {
  const requests: Seen[] = [];
  const redirects = new Map<string, string>([["/circle", "/circle-2"], ["/circle-2", "/circle"]]);
  /** What happens to the next requests: a status, or the bytes after which the connection drops. */
  const troubles: { status?: number; bytes?: number }[] = [];
  const state = { ranges: true };

  function send(content: Uint8Array<ArrayBuffer>, request: Request): Response {
    const trouble = troubles.shift();
    if (trouble?.status) return new Response(null, { status: trouble.status });
    const tag = `"${content.length}"`;
    const asked = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
    const from = state.ranges && asked && request.headers.get("if-range") === tag ? Number(asked[1]) : 0;
    const rest = content.subarray(from);
    const headers: Record<string, string> = { etag: tag, "content-length": String(rest.length) };
    if (from > 0) headers["content-range"] = `bytes ${from}-${content.length - 1}/${content.length}`;
    let sent = 0;
    const body = trouble?.bytes === undefined ? rest : new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent >= trouble.bytes!) {
          // What was sent should arrive first.
          await new Promise((resolve) => setTimeout(resolve, 30));
          return controller.error(new Error("dropped"));
        }
        controller.enqueue(rest.subarray(sent, Math.min(sent + 10_000, trouble.bytes!)));
        sent += 10_000;
      },
    });
    return new Response(body, { status: from > 0 ? 206 : 200, headers });
  }

  /** The Hub: a tree of a data set in pages of two files, and each file. */
  function hub(path: string, request: Request): Response | null {
    const [, name, rest] = /^\/(?:api\/)?datasets\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? [];
    if (!name) return null;
    const dataset = datasets[name];
    if (!dataset) return new Response("no such data set", { status: 404 });
    if (dataset.token && request.headers.get("authorization") !== `Bearer ${dataset.token}`) {
      return new Response("restricted", { status: 401 });
    }
    if (rest === "tree/main") {
      const paths = Object.keys(dataset.files),
        page = Number(new URL(request.url).searchParams.get("page") ?? 0);
      const entries = paths.slice(2 * page, 2 * page + 2).map((path) => ({
        ...{ type: "file", path, size: dataset.files[path].length },
        ...dataset.sha256?.[path] ? { lfs: { oid: dataset.sha256[path] } } : {},
      }));
      const next = `<${new URL(request.url).origin}${path}?recursive=true&page=${page + 1}>; rel="next"`;
      return Response.json([{ type: "directory", path: "es" }, ...entries], {
        headers: 2 * page + 2 < paths.length ? { link: next } : {},
      });
    }
    const content = dataset.files[rest.replace(/^resolve\/main\//, "")];
    return content ? send(content, request) : new Response(null, { status: 404 });
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() },
    (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const { headers } = request;
      requests.push({ path, range: headers.get("range"), authorization: headers.get("authorization") });
      const to = redirects.get(path);
      if (to) return new Response(null, { status: 302, headers: { location: to } });
      return hub(path, request) ??
        (files[path] ? send(files[path], request) : new Response(null, { status: 404 }));
    },
  );

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    /** Whether it can send a part of a file. */
    set ranges(on: boolean) {
      state.ranges = on;
    },
    redirect: (from: string, to: string) => void redirects.set(from, to),
    /** The next answers break off after so many bytes. */
    dropAfter(bytes: number, times: number) {
      for (let i = 0; i < times; i++) troubles.push({ bytes });
    },
    /** The next answers have that status. */
    answer(status: number, times: number) {
      for (let i = 0; i < times; i++) troubles.push({ status });
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}
