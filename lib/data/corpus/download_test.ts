import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { UserError } from "../../errors.ts";
import { lockFolder } from "../../lock.ts";
import { download, downloadPath } from "./download.ts";
import { serveFiles } from "./testing_server.ts";

const CONTENT = new TextEncoder().encode("Una línea de texto.\n".repeat(20_000));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

async function withServer(
  test: (server: ReturnType<typeof serveFiles>, folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  await using server = serveFiles({ "/a.txt": CONTENT });
  try {
    await test(server, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fetched = async (server: { url: string }, path: string, folder: string, sha256?: string) =>
  (await download({ url: server.url + path, sha256 }, { folder, pause: 1 })).path;

Deno.test("a file is fetched once, and checked each time if there is a checksum", () =>
  withServer(async (server, folder) => {
    const steps: [number, number | null][] = [];
    const remote = { url: `${server.url}/a.txt`, sha256: SHA256.toUpperCase() };
    const { path, sha256 } = await download(remote, { folder, progress: (...step) => steps.push(step) });
    assertEquals(sha256, SHA256);
    assertEquals(await Deno.readFile(path), CONTENT);
    assertEquals(steps.at(-1), [CONTENT.length, CONTENT.length]);
    assertEquals(await download(remote, { folder }), { path, sha256 });
    assertEquals(server.requests.length, 1);
    await Deno.writeTextFile(path, "otra cosa");
    await assertRejects(() => download(remote, { folder }), UserError, "its sha256 is");
    assertEquals([...Deno.readDirSync(join(path, ".."))], []);
  }));

Deno.test("a dropped connection is gone on with from where it broke", () =>
  withServer(async (server, folder) => {
    server.dropAfter(100_000, 3);
    const path = await fetched(server, "/a.txt", folder, SHA256);
    assertEquals(await Deno.readFile(path), CONTENT);
    const ranges = server.requests.map(({ range }) => range);
    assertEquals(ranges[0], null);
    assert(
      ranges.length === 4 && ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range!)),
      ranges.join(),
    );
    assertEquals([...Deno.readDirSync(join(path, ".."))].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("a server that knows no ranges, or whose file changed, sends all of it again", () =>
  withServer(async (server, folder) => {
    server.ranges = false;
    server.dropAfter(100_000, 2);
    assertEquals(await Deno.readFile(await fetched(server, "/a.txt", folder)), CONTENT);
    server.ranges = true;
    const path = downloadPath(folder, `${server.url}/a.txt?b`);
    await Deno.mkdir(join(path, ".."));
    await Deno.writeTextFile(`${path}.part`, "Otra versión");
    await Deno.writeTextFile(`${path}.part.tag`, '"old"');
    assertEquals(await Deno.readFile(await fetched(server, "/a.txt?b", folder)), CONTENT);
  }));

Deno.test("a connection that always drops is given up, and what came is kept for the next run", () =>
  withServer(async (server, folder) => {
    server.dropAfter(50_000, 1);
    server.dropAfter(0, 5);
    const error = await assertRejects(() => fetched(server, "/a.txt", folder), UserError);
    assertStringIncludes(error.message, "the connection was dropped, 5 times in a row");
    assertStringIncludes(error.message, "bytes are kept, so run again later to go on");
    const { size } = await Deno.stat(`${downloadPath(folder, `${server.url}/a.txt`)}.part`);
    assert(size > 0 && size <= 50_000);
    assertEquals(await Deno.readFile(await fetched(server, "/a.txt", folder)), CONTENT);
    assertEquals(server.requests.at(-1)!.range, `bytes=${size}-`);
  }));

Deno.test("a busy server is asked again, other refusals are final", () =>
  withServer(async (server, folder) => {
    server.answer(503, 2);
    await fetched(server, "/a.txt", folder);
    assertEquals(server.requests.length, 3);
    server.answer(500, 5);
    await assertRejects(
      () => fetched(server, "/a.txt?1", folder),
      UserError,
      "the server answers 500, 5 times",
    );
    await assertRejects(() => fetched(server, "/b.txt", folder), UserError, "there is no such file (404)");
    server.answer(403, 1);
    await assertRejects(() => fetched(server, "/a.txt?2", folder), UserError, "the server refuses it (403)");
    await assertRejects(() => fetched(server, "/circle", folder), UserError, "redirects in a circle");
  }));

Deno.test("redirects are followed, without the token if they lead elsewhere", async () => {
  await using elsewhere = serveFiles({ "/a.txt": CONTENT });
  await withServer(async (server, folder) => {
    server.redirect("/there", `${elsewhere.url}/a.txt`);
    server.redirect("/here", "/a.txt");
    const before = Deno.env.get("HF_TOKEN");
    Deno.env.set("HF_TOKEN", "secret");
    try {
      const get = async (path: string) =>
        (await download({ url: server.url + path, huggingface: "a/b" }, { folder })).path;
      assertEquals(await Deno.readFile(await get("/there")), CONTENT);
      assertEquals(elsewhere.requests.map(({ authorization }) => authorization), [null]);
      await get("/here");
      assertEquals(server.requests.map(({ authorization }) => authorization), Array(3).fill("Bearer secret"));
      await download({ url: `${server.url}/a.txt` }, { folder });
      assertEquals(server.requests.at(-1)!.authorization, null);
    } finally {
      if (before === undefined) Deno.env.delete("HF_TOKEN");
      else Deno.env.set("HF_TOKEN", before);
    }
  });
});

Deno.test("no server at all is told with what to do", async () => {
  const gone = serveFiles({});
  await gone[Symbol.asyncDispose]();
  const folder = await Deno.makeTempDir();
  const error = await assertRejects(
    () => download({ url: `${gone.url}/a.txt` }, { folder, pause: 1 }),
    UserError,
  );
  assertStringIncludes(error.message, `${gone.url}/a.txt cannot be reached (client error (Connect): `);
  assertStringIncludes(error.message, "check the network");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the name of a download stays in its folder, whatever its address says", () => {
  const name = (path: string) => {
    const parts = downloadPath("d", `http://localhost${path}`).split("/");
    assertEquals([parts.length, parts[0], /^[0-9a-f]{12}$/.test(parts[1])], [3, "d", true], parts.join("/"));
    return parts[2];
  };
  assertEquals(name("/a/corpus.jsonl.gz?x=1#y"), "corpus.jsonl.gz");
  assertEquals(name("/..%2f..%2fmodels%2fevil.txt"), "evil.txt");
  assertEquals(name("/..%5c..%5cevil.txt"), "evil.txt");
  assertEquals(name("/a%2fb%252fc.txt"), "b%2fc.txt");
  assertEquals(name("/100%.txt"), "100%.txt");
  assertEquals(name("/%ff%41%C3%B1.txt"), "%ff%41%C3%B1.txt");
  assertEquals(name("/El%20a%C3%B1o.txt"), "El año.txt");
  assertEquals(name("/a%00b%0ac%7f%E2%80%AEd.txt"), "a_b_c__d.txt");
  assertEquals(name("/a:b*c%3f.txt"), "a_b_c_.txt");
  for (const path of ["", "/", "/a/", "/%2e%2e", "/a/%2e%2e", "/a/..%2f..", "/%2f", "/...", "/%20"]) {
    assert(/^(file|a)$/.test(name(path)), `${path}: ${name(path)}`);
  }
  for (const long of ["x".repeat(5000), "%F0%9F%90%88".repeat(5000)]) {
    const cut = name(`/${long}.jsonl.gz`);
    assert(cut.endsWith(".jsonl.gz") && cut.isWellFormed());
    const bytes = new TextEncoder().encode(cut).length;
    assert(bytes > 190 && bytes <= 200, `${bytes} bytes`);
  }
});

Deno.test("two addresses whose files have one name are kept apart", async () => {
  await using server = serveFiles({
    "/a/x.txt": new TextEncoder().encode("a"),
    "/b/x.txt": new TextEncoder().encode("b"),
  });
  const folder = await Deno.makeTempDir();
  const [a, b] = [await fetched(server, "/a/x.txt", folder), await fetched(server, "/b/x.txt", folder)];
  assertEquals([await Deno.readTextFile(a), await Deno.readTextFile(b)], ["a", "b"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file that another process is fetching is not fetched into the same place", () =>
  withServer(async (server, folder) => {
    const path = downloadPath(folder, `${server.url}/a.txt`);
    {
      await using _other = await lockFolder(join(path, ".."), "download of a.txt");
      await assertRejects(() => fetched(server, "/a.txt", folder), UserError, "is being written by process");
      assertEquals(server.requests.length, 0);
    }
    assertEquals(await Deno.readFile(await fetched(server, "/a.txt", folder)), CONTENT);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));
