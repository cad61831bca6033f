/** What tests of families of questions share. */
import { assert, assertEquals } from "@std/assert";
import type { Exchange, Family, WorldFiles } from "../document.ts";
import { Lexicon } from "../lexicon.ts";
import { Random } from "../random.ts";
import { variants } from "../template_analysis.ts";
import type { Wordings } from "../wordings.ts";

const folder = new URL("../../../../data/world", import.meta.url).pathname;

export const files: WorldFiles = { folder, lexicon: await Lexicon.read(`${folder}/words`) };

export function draws(family: Family, count: number): Exchange[] {
  return Array.from({ length: count }, (_, i) => family.ask(Random.of(1, family.name, i)));
}

/** What no text may have: slots, double spaces, spaces before marks, doubled marks, "de el", a lower-case beginning. */
const FAULTS =
  /[{}\[\]|"]|=>| {2}| [,.;:?!»]|[¿¡«] |\.\.(?!\.)|,,|\?\?|\?\.|!\.|undefined|(?<!\p{L})(?:de|a) el (?!\p{Lu})|^[a-záéíóúñ]|\n /u;

/** Draws 2,000 exchanges: well formed, the same for the same seed, and hardly ever twice the same. */
export function assertWellFormed(family: Family, { distinct = 0.9 } = {}): void {
  const all = draws(family, 2000);
  for (const { family: name, turns } of all) {
    assertEquals(name, family.name);
    for (const text of turns.flatMap(({ instruction, response }) => [instruction, response])) {
      assert(!FAULTS.test(text), `${FAULTS.exec(text)?.[0]} in: ${text}`);
      assert((text.match(/«/g) ?? []).length === (text.match(/»/g) ?? []).length, text);
      assert((text.match(/¿/g) ?? []).length === (text.match(/\?/g) ?? []).length, text);
    }
  }
  assertEquals(draws(family, 20), all.slice(0, 20));
  const texts = new Set(all.map(({ turns }) => JSON.stringify(turns)));
  assert(texts.size >= distinct * all.length, `${texts.size} of ${all.length} are different`);
}

/** In how many ways the templates of these names can be worded, whatever fills them. */
export function ways(wordings: Wordings, names: readonly string[] = wordings.names): number {
  return names.flatMap((name) => wordings.of(name)).reduce((sum, { parts }) => sum + variants(parts), 0);
}
