/** Measures the page of runs when there are many, with a program in `lib/server/clients/` that drives a browser. */
import { UserError } from "../errors.ts";

export interface RunsBench {
  readonly rounds: number;
  readonly json: boolean;
}

/** @throws {UserError} if the measurement failed; the program has printed why */
export async function benchRuns({ rounds, json }: RunsBench): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--allow-all", "bench_runs.ts", "--rounds", String(rounds)],
      ...json ? ["--json"] : [],
    ],
    cwd: new URL("../server/clients/", import.meta.url),
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new UserError("bench runs: lib/server/clients/bench_runs.ts failed; it says why above");
}
