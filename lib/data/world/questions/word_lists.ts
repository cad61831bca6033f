/** Tasks about several words: which one begins or ends with a letter, rhymes, comes first, or is longest. */
import { and, or } from "../grammar/conjunctions.ts";
import type { Random } from "../random.ts";
import { compareWords, rhyme } from "./spelling.ts";
import type { Bindings, Task } from "./tasks.ts";
import type { WordSource } from "./word_source.ts";

type Draw = (random: Random, words: WordSource) => Bindings;

const shown = (words: readonly string[]) => ({
  all: words.join(", "),
  either: or(...words),
  both: and(...words),
});

/** Several words, exactly one of which is right. */
function withOne(random: Random, words: WordSource, end: (word: string) => string): [string, string[]] {
  for (;;) {
    const drawn = words.several(random, random.between(3, 4));
    const right = random.pick(drawn);
    if (drawn.every((word) => word === right || end(word) !== end(right))) return [right, drawn];
  }
}

/** The first or last letter, without its accent. */
const plainLetter = (word: string, at: 0 | -1): string => {
  const letter = [...word].at(at)!;
  return letter === "ñ" ? letter : letter.normalize("NFD")[0];
};

const edge = (at: 0 | -1): Draw => (random, words) => {
  const [r, drawn] = withOne(random, words, (word) => plainLetter(word, at));
  return { ...shown(drawn), r, l: plainLetter(r, at) };
};

/** Groups of known words that rhyme. */
function rhymes(words: WordSource): string[][] {
  const known = words.lexicon.nouns.map(({ singular }) => singular).filter((word) =>
    /^\p{Ll}{3,}$/u.test(word)
  );
  return [...Map.groupBy([...new Set(known)], rhyme).values()].filter(([word, ...others]) =>
    others.length > 0 && rhyme(word).length > 1
  );
}

/** @param groups words that rhyme */
const rhyming = (groups: readonly string[][]): Draw => (random, words) => {
  const [w, r] = random.sample(random.pick(groups), 2);
  const others: string[] = [];
  while (others.length < 2) {
    const other = words.word(random);
    // The last two letters differ, so that nobody hears a rhyme.
    if (other.at(-1) !== w.at(-1) && other.at(-2) !== w.at(-2)) others.push(other);
  }
  const yes = random.chance(0.5);
  return {
    ...{ w, r, ...shown(random.shuffle([r, ...others])) },
    ...{ other: yes ? r : others[0], verdict: yes ? "sí" : "no", not: yes ? "" : "no " },
  };
};

const ordered: Draw = (random, words) => {
  const drawn = words.several(random, random.between(2, 4));
  const sorted = drawn.toSorted(compareWords);
  if (sorted.some((word, i) => i > 0 && compareWords(sorted[i - 1], word) === 0)) {
    return ordered(random, words);
  }
  const last = random.chance(0.25);
  return {
    ...{ ...shown(drawn), sorted: sorted.join(", "), joined: and(...sorted) },
    ...{ place: last ? "al final" : "primero", r: sorted.at(last ? -1 : 0)! },
  };
};

const longest: Draw = (random, words) => {
  const drawn = words.several(random, random.between(2, 3));
  const long = random.chance(0.6);
  const lengths = drawn.map((word) => [...word].length);
  const wanted = long ? Math.max(...lengths) : Math.min(...lengths);
  if (lengths.filter((length) => length === wanted).length > 1) return longest(random, words);
  return {
    ...{ ...shown(drawn), r: drawn[lengths.indexOf(wanted)] },
    ...{ how: long ? "larga" : "corta", more: long ? "más" : "menos", n: String(wanted) },
  };
};

export function wordListTasks(words: WordSource): readonly Task[] {
  const task = (name: string, weight: number, draw: Draw): Task => ({
    ...{ name, weight },
    draw: (random) => draw(random, words),
  });
  const rhymesWith = rhyming(rhymes(words));
  return [
    task("begins with", 4, edge(0)),
    task("ends with", 3, edge(-1)),
    task("which rhymes", 4, rhymesWith),
    task("do they rhyme", 3, rhymesWith),
    task("alphabetical order", 4, ordered),
    task("first in order", 3, ordered),
    task("longest", 4, longest),
  ];
}
