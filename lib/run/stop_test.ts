import { assert, assertEquals } from "@std/assert";

const PROGRAM = `
  import { StopSignals } from "${new URL("./stop.ts", import.meta.url)}";
  new StopSignals(true, () => console.log("asked"));
  const timer = setInterval(() => console.log("here"), 20);
`;

/** Starts a program that continues after the first signal, as `deno task` (`byTask`) or a shell would start it. */
async function start(byTask: boolean) {
  const { INIT_CWD: _, ...inherited } = Deno.env.toObject();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--allow-env", "-"],
    clearEnv: true,
    env: byTask ? { ...inherited, INIT_CWD: "/" } : inherited,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(PROGRAM));
  await stdin.close();
  const lines = process.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  /** Waits until the program prints `word`, beginning with its next output. */
  const says = async (word: string) => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      if (next.value.includes(word)) return;
    }
    throw new Error(`it ended before it said "${word}"`);
  };
  return { process, says };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal}: what deno task runs goes on after the copy of the first signal, and ends at the next`, async () => {
    const { process, says } = await start(true);
    await says("here");
    process.kill(signal);
    await says("asked");
    process.kill(signal);
    for (let i = 0; i < 5; i++) await says("here");
    process.kill(signal);
    assertEquals((await process.status).code, signal === "SIGINT" ? 130 : 143);
    await process.stdout.cancel().catch(() => {});
  });
}

Deno.test("what a shell runs ends at the second signal", async () => {
  const { process, says } = await start(false);
  await says("here");
  process.kill("SIGTERM");
  await says("asked");
  process.kill("SIGTERM");
  assertEquals((await process.status).code, 143);
});

Deno.test("a signal of another kind is no copy: it ends what deno task runs", async () => {
  const { process, says } = await start(true);
  await says("here");
  process.kill("SIGTERM");
  await says("asked");
  process.kill("SIGINT");
  const { code } = await process.status;
  assert([130, 143].includes(code), `${code}`);
});
