/** Reads how many files and connections the process has open and may have open. */

/** Descriptors in use and their limit; no limit if the system does not tell it (Linux does). */
export function fileDescriptors(): { used: number; limit: number } {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const limit = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Infinity);
    return { used: [...Deno.readDirSync("/proc/self/fd")].length, limit };
  } catch {
    return { used: 0, limit: Infinity };
  }
}
