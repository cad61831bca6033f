/** How many files and connections the process may have open. */

/** Descriptors in use, and the most that there may be; no limit where the system does not tell (it does on Linux). */
export function fileDescriptors(): { used: number; limit: number } {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const limit = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Infinity);
    return { used: [...Deno.readDirSync("/proc/self/fd")].length, limit };
  } catch {
    return { used: 0, limit: Infinity };
  }
}
