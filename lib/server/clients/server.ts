/** A server of tiny models, started as a user does. Has a deno.json of its own, as only tests need its packages. */
const root = new URL("../../../", import.meta.url).pathname;

export interface TestServer {
  readonly url: string;
  /** Bytes of memory that the process takes. */
  memory(): Promise<number>;
  /** Asks it to stop, and returns its exit code. */
  stop(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function run(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

export async function startServer(...flags: string[]): Promise<TestServer> {
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
  const process = new Deno.Command(Deno.execPath(), { args, cwd: root, stdout: "piped", stderr: "inherit" })
    .spawn();
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
  let stopped: Promise<number> | null = null;
  const stop = () => {
    stopped ??= (async () => {
      process.kill("SIGTERM");
      const { code } = await process.status;
      await drained;
      await Deno.remove(folder, { recursive: true });
      return code;
    })();
    return stopped;
  };
  return {
    url,
    async memory() {
      const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
