/**
 * The import graph of the project's own modules, read from their sources. For our own, formatted code a regular
 * expression is enough. The packages on npm are not: @deno/graph 0.29 cannot parse `satisfies` and `using`,
 * es-module-lexer 3.0.5 cannot parse .tsx, and both omit `new URL(…, import.meta.url)`.
 */
import { dirname, join } from "@std/path";

const IMPORT =
  /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*"(\.{1,2}\/[^"]+)"|^\s*import\s*"(\.{1,2}\/[^"]+)"|\bimport\("(\.{1,2}\/[^"]+)"\)|\bnew URL\("(\.{1,2}\/[^"]+\.(?:ts|wasm))", import\.meta\.url\)/gm;

const read = new Map<string, Promise<string[]>>();

/** The project's files that a module imports, including shaders and Wasm. A process reads each module once. */
export function importsOf(path: string): Promise<string[]> {
  const known = read.get(path) ?? readImports(path);
  read.set(path, known);
  return known;
}

async function readImports(path: string): Promise<string[]> {
  if (!path.endsWith(".ts") && !path.endsWith(".tsx")) return [];
  const source = await Deno.readTextFile(path);
  return [...source.matchAll(IMPORT)].map((m) => join(dirname(path), m[1] ?? m[2] ?? m[3] ?? m[4]));
}

/**
 * A module and everything in the project that it imports, directly or indirectly, sorted.
 * @param leaveOut modules that are neither listed nor followed
 */
export async function importGraph(
  entry: string,
  leaveOut: (path: string) => boolean = () => false,
): Promise<string[]> {
  const seen = new Set([entry]);
  for (const path of seen) {
    for (const next of await importsOf(path)) if (!leaveOut(next)) seen.add(next);
  }
  return [...seen].sort();
}
