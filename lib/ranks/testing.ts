/** Starts programs on ranks, with every MPI on this machine. */
import type { Family } from "./launcher.ts";
import { REPORT } from "./report.ts";

/** Set in CI, where a missing MPI fails the tests instead of skipping some. */
const REQUIRED = "DESDE_CERO_REQUIRE_MPI";

export interface Launcher {
  readonly family: Family;
  /** The launcher's command. */
  readonly command: string;
  /**
   * Starts programs, each on a given number of ranks.
   * @param parts what each program's ranks run: arguments of deno
   */
  start(parts: readonly Part[], options: Options): Deno.ChildProcess;
}

export interface Part {
  readonly ranks: number;
  readonly args: readonly string[];
  /** The folder that it runs in; the launcher's by default. */
  readonly cwd?: string;
}

interface Options {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Debian's names, under which both can be installed side by side; if alone, it is often called `mpiexec`. */
const COMMANDS: readonly { readonly family: Family; readonly command: string; readonly package: string }[] = [
  { family: "MPICH", command: "mpiexec.mpich", package: "mpich" },
  { family: "Open MPI", command: "mpiexec.openmpi", package: "openmpi-bin" },
];

/** Unless told otherwise, Open MPI starts no more ranks than there are cores, and none as root. */
const OVERSUBSCRIBE: Readonly<Record<Family, readonly string[]>> = {
  "MPICH": [],
  "Open MPI": ["--oversubscribe"],
};
export const ENVIRONMENT: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  "MPICH": {},
  "Open MPI": { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
};

/** The installed launchers. Registers an ignored test for each missing one, whose name says so. */
export async function testLaunchers(): Promise<Launcher[]> {
  const launchers: Launcher[] = [];
  for (const { family, command, package: name } of COMMANDS) {
    if (await isInstalled(command)) launchers.push(launcherOf(family, command));
    else if (Deno.env.get(REQUIRED)) throw new Error(`${REQUIRED} is set, but there is no ${command}`);
    else {
      Deno.test({
        name: `${family}: ignored, there is no ${command} (on Debian: apt-get install ${name})`,
        ignore: true,
        fn() {},
      });
    }
  }
  return launchers;
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], env: ENVIRONMENT["Open MPI"] }).output())
      .success;
  } catch {
    return false;
  }
}

function launcherOf(family: Family, command: string): Launcher {
  return {
    ...{ family, command },
    start(parts, { env, ...options }) {
      const programs = parts.map(({ ranks, args, cwd }) => {
        return ["-n", `${ranks}`, ...cwd === undefined ? [] : ["-wdir", cwd], Deno.execPath(), ...args];
      });
      const [first, ...others] = programs;
      return new Deno.Command(command, {
        args: [...OVERSUBSCRIBE[family], ...first, ...others.flatMap((program) => [":", ...program])],
        ...options,
        env: { NO_COLOR: "1", ...ENVIRONMENT[family], ...env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    },
  };
}

/** Prints rank and number of each process that has the first argument on its command line, and a report to write. */
const PROCESSES = `for file in $(grep -lzF -- "$1" /proc/[0-9]*/cmdline); do
  environ=$(tr '\\0' '\\n' < "\${file%/cmdline}/environ")
  case "$environ" in *${REPORT}=*) ;; *) continue ;; esac
  pid=\${file#/proc/}
  echo "$environ" | sed -nE "s/^(PMI|OMPI_COMM_WORLD)_RANK=(.*)/\\2 \${pid%/cmdline}/p"
done 2>/dev/null`;

/**
 * The processes of a launched program's ranks, by rank: without launchers and the processes that look after ranks. Uses
 * a shell because Deno itself may not look into /proc.
 * @param mark a text on their command lines
 */
export async function processesOf(mark: string): Promise<Map<number, number>> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", PROCESSES, "sh", mark], stderr: "null" })
    .output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => line.split(" ").map(Number) as [number, number]));
}

/** Waits for the end of a process that was started. */
export async function finish(process: Deno.ChildProcess): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await process.output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
