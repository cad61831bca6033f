/** patrones: conversations written by hand, with slots for names, things and numbers. They are of all other families. */
import { join } from "@std/path";
import type { Exchange, Family, WorldFiles } from "../document.ts";
import { filesIn } from "../folder.ts";
import { Asking } from "../questions/asking.ts";
import type { Random } from "../random.ts";
import { fill, type Filling, portableThings } from "./fill.ts";
import { type Pattern, readPatterns } from "./parse.ts";

/** Patterns, and what fills their slots. */
export class Patterns {
  private constructor(readonly all: readonly Pattern[], private readonly filling: Filling) {}

  /** @throws {UserError} naming file and line of what is wrong in a pattern */
  static async read(files: WorldFiles, families: readonly string[]): Promise<Patterns> {
    const paths = await filesIn(join(files.folder, "patterns"));
    const all = await Promise.all(paths.map((path) => readPatterns(path, families)));
    const { lexicon } = files;
    return new Patterns(all.flat(), {
      lexicon,
      asking: await Asking.load(files),
      things: portableThings(lexicon),
    });
  }

  /** A conversation of this pattern. @throws {UserError} if its sums fall below 1 with almost all numbers */
  fill(pattern: Pattern, random: Random): Exchange {
    return fill(pattern, this.filling, random);
  }
}

/** @param families the names of all other families, of which patterns can be */
export async function load(files: WorldFiles, families: readonly string[]): Promise<Family> {
  const patterns = await Patterns.read(files, families);
  return { name: "patrones", ask: (random) => patterns.fill(random.pick(patterns.all), random) };
}
