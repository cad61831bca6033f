/** Tasks about syllables, with words whose division is certain. */
import type { Random } from "../random.ts";
import { WORDS } from "./numerals.ts";
import { syllables } from "./spelling.ts";
import type { Bindings, Task } from "./tasks.ts";
import { quoted, type WordSource } from "./word_source.ts";

const SYLLABLE = { singular: "sílaba", gender: "f" } as const;

/** A word with its syllables. */
function divided(random: Random, words: WordSource): { w: string; parts: readonly string[] } {
  for (;;) {
    const w = words.word(random);
    const parts = syllables(w);
    if (parts) return { w, parts };
  }
}

function split(random: Random, words: WordSource): Bindings {
  const { w, parts } = divided(random, words);
  const first = random.chance(0.5);
  return {
    ...{ w, q: quoted(random, w), parts: parts.join("-"), r: WORDS.alone(parts.length, "f") },
    ...{ times: WORDS.count(parts.length, SYLLABLE), place: first ? "primera" : "última" },
    one: parts.at(first ? 0 : -1)!,
  };
}

function joined(random: Random, words: WordSource): Bindings {
  const { w, parts } = divided(random, words);
  return { w, apart: parts.join(random.pick(["-", ", ", " - "])) };
}

export function syllableTasks(words: WordSource): readonly Task[] {
  const task = (name: string, weight: number, draw: typeof split): Task => ({
    ...{ name, weight },
    draw: (random) => draw(random, words),
  });
  return [
    task("syllables", 4, split),
    task("how many syllables", 4, split),
    task("syllable at", 2, split),
    task("join syllables", 3, joined),
  ];
}
