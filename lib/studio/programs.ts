/** Starts and watches tasks as separate processes, which go on when the studio ends. Their output goes to a log. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { dirname } from "@std/path";
import { throwWriteError } from "../files.ts";

/** Bytes at the end of a log that are read. */
const TAIL = 2 ** 16;

/**
 * Starts `deno task` as from a terminal in this folder.
 * @param log file for its output, which is overwritten
 * @returns its process id
 */
export async function startTask(args: readonly string[], log: string): Promise<number> {
  const file = await openLog(log);
  try {
    // The base of relative paths in its arguments; the studio's own INIT_CWD is its caller's folder.
    const env = { ...Deno.env.toObject(), INIT_CWD: Deno.cwd(), NO_COLOR: "1" };
    const child = spawn(Deno.execPath(), ["task", "-q", ...args], {
      detached: true, // so that Ctrl-C in the studio's terminal does not reach it
      stdio: ["ignore", file, file],
      env,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      if (child.pid !== undefined) resolve(child.pid);
    });
    child.unref();
    return pid;
  } finally {
    closeSync(file);
  }
}

async function openLog(path: string): Promise<number> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    return openSync(path, "w");
  } catch (error) {
    throwWriteError(error, path);
  }
}

/**
 * Whether a started process is still running.
 * @param mark a word of its command line: after a reboot another program may have the same process id
 */
export async function isRunning(pid: number, mark: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
  try {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "args=", "-p", String(pid)] }).output();
    return new TextDecoder().decode(stdout).trim().split(/\s+/).includes(mark);
  } catch {
    return true; // a system without ps
  }
}

/** Asks a process to save and end. */
export function askToStop(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error; // it has ended meanwhile
  }
}

/** The last lines of a log; none if there is no log. */
export async function logTail(path: string): Promise<string[]> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL);
    await file.seek(from, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - from);
    let got = 0;
    for (let n: number | null; got < bytes.length && (n = await file.read(bytes.subarray(got)));) got += n;
    const lines = new TextDecoder().decode(bytes.subarray(0, got)).split("\n");
    if (from > 0) lines.shift(); // the first line may be cut
    return lines.filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The last error that a task printed, without `error: `; null if none. */
export function errorIn(lines: readonly string[]): string | null {
  return lines.findLast((line) => line.startsWith("error: "))?.slice("error: ".length) ?? null;
}
