/** Paths as the caller means them: `deno task` runs programs in the project's folder, wherever it was called. */
import { isAbsolute, join, relative, resolve } from "node:path";

/** The project's folder. */
const PROJECT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** The folder that a path on the command line starts from. */
function callerFolder(): string {
  const here = Deno.cwd();
  // A program that was not started by this project's tasks may have inherited the variable from another.
  return here === PROJECT ? Deno.env.get("INIT_CWD") ?? here : here;
}

/** A path that was given on the command line, as this process can open it; addresses and globs keep their form. */
export function callerPath(path: string): string {
  const here = Deno.cwd(), caller = callerFolder();
  if (caller === here || isAbsolute(path) || /^[a-z]+:\/\//i.test(path)) return path;
  const full = join(caller, path);
  const within = relative(here, full);
  return within.startsWith("..") ? resolve(full) : within || ".";
}

/**
 * A value that was given for a key on the command line, with the paths in it as `callerPath` gives them.
 * @param pathKeys dotted keys whose values are paths, or hold some. A star stands for any one key
 */
export function callerValue(pathKeys: readonly string[], key: readonly string[], value: unknown): unknown {
  if (typeof value === "string") {
    const isPath = pathKeys.map((path) => path.split(".")).some((path) =>
      path.length === key.length && path.every((part, i) => part === "*" || part === key[i])
    );
    return isPath ? callerPath(value) : value;
  }
  if (Array.isArray(value)) {
    // A source may be a map, whose path is one too.
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
