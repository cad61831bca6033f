/**
 * The process that looks after a rank (lib/tools/rank.ts): the rank tells it which step it works on, for the line if it
 * dies, and ends when it does.
 */
import { variable } from "./launcher.ts";
import { openLibc } from "./libc.ts";

/** The variable that says the number of an open file to write steps to, a line each. */
export const REPORT = "DESDE_CERO_RANK_REPORT";
/** The number that it is. */
export const REPORT_FILE = 3;

/** Of `prctl`: the signal that a process gets when its parent ends. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/** Tells the steps; does nothing where nobody looks after this process, or there is no glibc. */
export function stepReport(): (step: number) => void {
  const file = Number(variable(REPORT) ?? NaN);
  // Deno has no call that writes to a file that it did not open.
  const libc = Number.isNaN(file) ? null : openLibc();
  if (!libc) return () => {};
  // Launchers end the process that they have started, and not always what that has started.
  libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
  const encoder = new TextEncoder();
  return (step) => {
    const line = encoder.encode(`${step}\n`);
    libc.write(file, line, BigInt(line.length));
  };
}
