/** The page of runs with many of them. The browser and what drives it belong to `lib/server/clients/`, which measures. */
import { UserError } from "../errors.ts";

export interface RunsBench {
  readonly rounds: number;
  readonly json: boolean;
}

/** @throws {UserError} if it could not be measured; the program has said why */
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
