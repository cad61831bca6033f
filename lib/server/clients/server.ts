/** A server of tiny models, started as by a user. The folder has its own deno.json, as only tests need its packages. */
const root = new URL("../../../", import.meta.url).pathname;

export interface TestServer {
  readonly url: string;
  /** Bytes of memory that the process takes. */
  memory(): Promise<number>;
  signal(signal: "SIGINT" | "SIGTERM"): void;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** Asks it to stop, and returns its exit code. */
  stop(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Permissions of tests whose clients may only talk to this machine: none may need the network. */
export const loopback: Deno.PermissionOptions = {
  net: ["localhost", "127.0.0.1", "0.0.0.0"],
  env: true,
  read: true,
  run: true,
  sys: true,
  write: true,
};

/** How many sequences a server is generating. */
async function active(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^desde_cero_sequences\{state="active"\} (\d+)$/m.exec(metrics)![1]);
}

/** Waits until at most `most` sequences are active, and returns how many there are. */
async function waitForActive(url: string, most: number): Promise<number> {
  for (;;) {
    const now = await active(url);
    if (now <= most) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The longest answer that can be asked for, in tokens. */
export const LONGEST = 4096;

/**
 * Lets a client ask tiny/instruct for an answer of `LONGEST` tokens and leave midway. Other answers of the same length,
 * begun earlier, are generated in the same passes: if the client's answer ends before them, it is because it left.
 * @throws if the answer was generated to its end
 */
export async function leaveMidway({ url }: TestServer, client: () => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const n = 15;
  const logit_bias = Object.fromEntries([0, 1, 2, 3, 4, 5].map((id) => [id, -100])); // no end, no marker
  const others = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "tiny/instruct",
      prompt: "a",
      n,
      max_tokens: LONGEST,
      logit_bias,
      stream: true,
    }),
    signal: controller.signal,
  });
  const reader = others.body!.getReader();
  await reader.read();
  await client();
  const left = await waitForActive(url, n);
  controller.abort();
  await waitForActive(url, 0);
  if (left < n) throw new Error(`${left} of ${n} other answers are still written: the client's was, too`);
}

async function run(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Starts a server of tiny models, or of those that `--models` names. */
export function startServer(...flags: string[]): Promise<TestServer> {
  return startLimited(null, ...flags);
}

/** @param files most open files of the server; null for the system's limit */
export async function startLimited(files: number | null, ...flags: string[]): Promise<TestServer> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  const config = `--config=${root}deno.json`;
  await run([
    "run",
    "-q",
    config,
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "lib/server/testing.ts",
    folder,
  ]);
  const args = ["run", "-q", config, "-P=serve", "serve.ts", "--port", "0", "--models", folder, ...flags];
  const limit = files === null ? "" : `ulimit -n ${files}; `;
  const process = new Deno.Command("sh", {
    args: ["-c", `${limit}exec "$0" "$@"`, Deno.execPath(), ...args],
    cwd: root,
    env: { INIT_CWD: root }, // as deno task sets it
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let url: string | undefined;
  while (!url) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${said}`);
    said += value;
    url = /http:\/\/\S+/.exec(said)?.[0];
  }
  const drained = (async () => {
    while (!(await reader.read()).done);
  })();
  const ended = (async () => {
    const { code } = await process.status;
    await drained;
    await Deno.remove(folder, { recursive: true });
    return code;
  })();
  let running = true;
  ended.then(() => running = false);
  const signal = (name: "SIGINT" | "SIGTERM") => {
    if (running) process.kill(name);
  };
  let stopping = false;
  const stop = () => {
    if (!stopping) signal("SIGTERM");
    stopping = true;
    return ended;
  };
  return {
    url,
    async memory() {
      const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
    },
    signal,
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
