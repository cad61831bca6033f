/** Functions of glibc that Deno lacks. */

const SYMBOLS = {
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  prctl: { parameters: ["i32", "u64"], result: "i32" },
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
} as const;

/** The library, or null if there is none of that name, as on systems other than Linux. */
export function openLibc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | null {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return null;
  }
}
