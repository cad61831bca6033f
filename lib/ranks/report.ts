/**
 * Reports a rank's progress to the process that looks after it (lib/tools/rank.ts), which prints a line if the rank
 * dies or never joins the others. When that process ends, the rank ends, too.
 */
import { variable } from "./launcher.ts";
import { openLibc } from "./libc.ts";

/** The environment variable with the number of an open file, to which a rank writes its progress, a line each time. */
export const REPORT = "DESDE_CERO_RANK_REPORT";
/** The number of that file. */
export const REPORT_FILE = 3;

/** Milliseconds for a line to get through the launcher, which may stop passing output on once it ends the others. */
export const TOLD = 500;

/**
 * A rank's progress: it is joining the others, which waits for all of them; has joined; is at a step; is aborting, which
 * may wait for a launcher that cannot be reached any more; or has done its work and is leaving the others, to exit with
 * a code.
 */
export type Report = "joining" | "joined" | "aborting" | `leaving ${number}` | number;

/** Option of `prctl`: the signal that a process gets when its parent ends. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/** Returns a function that reports progress. It does nothing if no process looks after this one, or without glibc. */
export function openReport(): (at: Report) => void {
  const file = Number(variable(REPORT) ?? NaN);
  // Deno cannot write to a file that it did not open.
  const libc = Number.isNaN(file) ? null : openLibc();
  if (!libc) return () => {};
  // Launchers end the process that they started, but not always that process's children.
  libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
  const encoder = new TextEncoder();
  return (at) => {
    const line = encoder.encode(`${at}\n`);
    libc.write(file, line, BigInt(line.length));
  };
}
