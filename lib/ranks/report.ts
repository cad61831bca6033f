/**
 * The process that looks after a rank (lib/tools/rank.ts): the rank tells it how far it is, for the line if it dies or
 * never joins the others, and ends when that process does.
 */
import { variable } from "./launcher.ts";
import { openLibc } from "./libc.ts";

/** The variable that says the number of an open file to write to how far a rank is, a line each time. */
export const REPORT = "DESDE_CERO_RANK_REPORT";
/** The number that it is. */
export const REPORT_FILE = 3;

/** Milliseconds for a line to get through the launcher, which may pass nothing on once it ends the others. */
export const TOLD = 500;

/**
 * How far a rank is: it begins to join the others, which waits for all of them, has joined them, makes a step, or ends
 * all, which can wait for a launcher that cannot be reached any more.
 */
export type Report = "joining" | "joined" | "aborting" | number;

/** Of `prctl`: the signal that a process gets when its parent ends. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/** Tells how far this rank is; does nothing where nobody looks after this process, or there is no glibc. */
export function openReport(): (at: Report) => void {
  const file = Number(variable(REPORT) ?? NaN);
  // Deno has no call that writes to a file that it did not open.
  const libc = Number.isNaN(file) ? null : openLibc();
  if (!libc) return () => {};
  // Launchers end the process that they have started, and not always what that has started.
  libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
  const encoder = new TextEncoder();
  return (at) => {
    const line = encoder.encode(`${at}\n`);
    libc.write(file, line, BigInt(line.length));
  };
}
