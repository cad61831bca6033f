/** A studio, started as by a user, in a copy of the project, so that it does not write into this one. */
import { assert } from "@std/assert";

const root = new URL("../../../", import.meta.url).pathname;

/** The parts of the project that a studio needs. */
const PARTS = [
  ...["deno.json", "deno.lock", "serve.ts", "studio.ts", "lib", "stages", "kernels", "configs"],
  ...["data/world", "data/instruct", "data/evaluate", "models/small/instruct"],
];

async function run(command: string, args: string[], cwd: string) {
  const { success, code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1", INIT_CWD: cwd }, // not the folder of the task that runs these tests
  }).output();
  const decoder = new TextDecoder();
  return { success, code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

export interface StudioOptions {
  readonly port?: number;
  /** Folders that are small disks for it and its tasks, with their sizes in KiB. */
  readonly disks?: Readonly<Record<string, number>>;
}

/** Whether this system lets tests mount disks. */
export const HAS_DISKS =
  (await run("unshare", ["-rm", "true"], root).catch(() => ({ success: false }))).success;

export interface Project {
  readonly folder: string;
  /** Starts a studio. */
  studio(options?: StudioOptions): Promise<TestStudio>;
  /** Runs a task as in a terminal. */
  task(...args: string[]): Promise<{ code: number; output: string }>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestStudio {
  /** The address that it prints. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function copyProject(): Promise<Project> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  const tar = `tar -C "$0" --exclude=node_modules -cf - "$@" | tar -C "$PWD" -xf -`;
  const copied = await run("sh", ["-c", tar, root, ...PARTS], folder);
  assert(copied.success, copied.output);
  return {
    folder,
    studio: (options = {}) => startStudio(folder, options),
    task: (...args) => run(Deno.execPath(), ["task", "-q", ...args], folder),
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function startStudio(folder: string, { port = 0, disks }: StudioOptions): Promise<TestStudio> {
  const studio = ["task", "-q", "studio", "--port", String(port)];
  const mounts = Object.entries(disks ?? {}).map(([path, size]) =>
    `mkdir -p ${path} && mount -t tmpfs -o size=${size}k tmpfs ${path} && `
  );
  const [command, ...args] = disks
    ? ["unshare", "-rm", "sh", "-c", `${mounts.join("")}exec "$0" "$@"`, Deno.execPath(), ...studio]
    : [Deno.execPath(), ...studio];
  const process = new Deno.Command(command, {
    args,
    cwd: folder,
    env: { INIT_CWD: folder },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "", url: string | undefined;
  while (!url) {
    const { value, done } = await reader.read();
    assert(!done, `the studio ended: ${said}`);
    said += value;
    url = /http:\/\/\S+(?=\n)/.exec(said)?.[0];
  }
  const drained = (async () => {
    while (!(await reader.read()).done);
  })();
  let stopped: Promise<void> | null = null;
  const stop = () =>
    stopped ??= (async () => {
      process.kill("SIGTERM");
      await process.status;
      await drained;
    })();
  const { origin, port: used } = new URL(url);
  return { url, origin, port: Number(used), stop, [Symbol.asyncDispose]: stop };
}
