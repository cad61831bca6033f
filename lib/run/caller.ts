/** Paths as the caller means them: `deno task` runs programs in the project's folder, wherever it was called from. */
import { isAbsolute, join, relative, resolve } from "node:path";

/** The project's folder. */
const PROJECT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** The folder that paths on the command line are relative to. */
function callerFolder(): string {
  const here = Deno.cwd();
  // A program that this project's tasks did not start may have inherited the variable from another project's.
  return here === PROJECT ? Deno.env.get("INIT_CWD") ?? here : here;
}

/** Makes a path from the command line one that this process can open; addresses and globs keep their form. */
export function callerPath(path: string): string {
  const here = Deno.cwd(), caller = callerFolder();
  if (caller === here || isAbsolute(path) || /^[a-z]+:\/\//i.test(path)) return path;
  const full = join(caller, path);
  const within = relative(here, full);
  return within.startsWith("..") ? resolve(full) : within || ".";
}

/**
 * A value given for a key on the command line, with its paths converted by `callerPath`.
 * @param pathKeys dotted keys whose values are paths, or contain some. A star stands for any one key
 */
export function callerValue(pathKeys: readonly string[], key: readonly string[], value: unknown): unknown {
  if (typeof value === "string") {
    const isPath = pathKeys.map((path) => path.split(".")).some((path) =>
      path.length === key.length && path.every((part, i) => part === "*" || part === key[i])
    );
    return isPath ? callerPath(value) : value;
  }
  if (Array.isArray(value)) {
    // A source may be a map with a key `path`.
    return value.map((entry) =>
      typeof entry?.path === "string"
        ? { ...entry, path: callerValue(pathKeys, key, entry.path) }
        : callerValue(pathKeys, key, entry)
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, entry]) => [inner, callerValue(pathKeys, [...key, inner], entry)]),
  );
}
