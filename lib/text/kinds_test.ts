import { assert, assertEquals } from "@std/assert";
import { learnMerges } from "./merges.ts";
import { charTokenizer } from "./testing.ts";
import { type Tokenizer, type TokenizerKind, vocabularyBuilder } from "./tokenizer.ts";
import { learnUnigram } from "./unigram_training.ts";
import { WordCounts } from "./words.ts";

function build(
  kind: TokenizerKind,
  text: string,
  options: { size?: number; minCount?: number; always?: string },
) {
  const builder = vocabularyBuilder(kind);
  builder.add(text);
  return builder.build({ size: 1024, minCount: 1, always: "", ...options });
}

/** The tokens of a text, as displayed. */
const cut = (tokenizer: Tokenizer, text: string) =>
  Array.from(tokenizer.encode(text), (id) => tokenizer.label(id));

/** The learned tokens of a vocabulary, as saved. */
function learned(tokenizer: Tokenizer): string[] {
  const { model } = tokenizer.toJson();
  return model.type === "Unigram" ? model.vocab.map(([token]) => token) : Object.keys(model.vocab);
}

function mergesOf(tokenizer: Tokenizer): [string, string][] {
  const { model } = tokenizer.toJson();
  return model.type === "BPE" ? model.merges : [];
}

Deno.test("char: characters that are too rare become <unk>, but for those to be known always", () => {
  const tokenizer = charTokenizer("aaab", 2);
  const { unk } = tokenizer.special;
  assertEquals([...tokenizer.encode("abz")], [6, unk, unk]);
  assertEquals(tokenizer.decode([6, unk!], { special: true }), "a<unk>");
  assertEquals(cut(build("char", "aaab", { minCount: 2, always: "zb" }), "abz"), ["a", "b", "z"]);
});

Deno.test("word: the commonest words have tokens, each with the space before it; others are <unk>", () => {
  const text = "la casa y la cama y la cara";
  assertEquals(cut(build("word", text, {}), "la casa y la mesa"), ["la", " casa", " y", " la", "<unk>"]);
  assertEquals(cut(build("word", text, { minCount: 2 }), "y la casa"), ["<unk>", " la", "<unk>"]);
  const small = build("word", text, { size: 6 + 2, always: "7" });
  assertEquals([small.size, ...cut(small, "7 la")], [8, "7", " la"]);
});

Deno.test("bpe: the commonest neighbours are merged first, inside words only, and digits stay alone", () => {
  const tokenizer = build("bpe", "la casa la cama la cara la 7 77 77", { size: 5 + 256 + 4 });
  const merges = mergesOf(tokenizer);
  assertEquals(merges.slice(0, 3), [["l", "a"], ["c", "a"], ["Ġ", "la"]]);
  assertEquals(cut(tokenizer, "la cama 77"), ["la", " ca", "m", "a", " ", "7", "7"]);
});

Deno.test("bpe and unigram know every text, and have no <unk>", () => {
  const text = "日本語 \u0000 ﬁ 𝔘 <unk> ¿qué? \ufeff";
  for (const kind of ["bpe", "unigram"] as const) {
    const tokenizer = build(kind, "la casa", { size: 300 });
    assertEquals(tokenizer.special.unk, null);
    assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  }
});

Deno.test("bpe: long pieces are merged in the same order as short ones", () => {
  const tokenizer = build("bpe", "abababab cbcbab ababcb bcbcba aaaa aa aaa ".repeat(3), {
    size: 5 + 256 + 12,
  });
  const part = "abcbabaaacbcbabababcbcb";
  // Each piece of 63 letters goes through the heap; pieces of up to 32 symbols do not.
  const word = (part + part + part).slice(0, 63), halves = [word.slice(0, 31), word.slice(31)];
  const merges = mergesOf(tokenizer);
  const ranks = new Map(merges.map(([a, b], i) => [`${a} ${b}`, i]));
  for (const text of [word, ...halves]) {
    const parts = [...text];
    for (;;) {
      const rank = (i: number) => ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
      const best = parts.keys().reduce((best, i) => rank(i) < rank(best) ? i : best, 0);
      if (rank(best) === Infinity) break;
      parts.splice(best, 2, parts[best] + parts[best + 1]);
    }
    assertEquals(cut(tokenizer, text), parts);
  }
});

Deno.test("¿ and ¡ are apart, so that a word is the same at a question's start", () => {
  const tokenizer = build("bpe", "cuál cuál ¿cuál ¿cuál —¿cuál (¿cuál", { size: 300 });
  assertEquals(cut(tokenizer, "—¿cuál").at(-1), "cuál");
  assert(!learned(tokenizer).some((token) => token.includes("Â¿c") || token.includes("âĢĶÂ¿")));
});

Deno.test("wordpiece: a word is its longest known beginning and the longest known continuations", () => {
  const tokenizer = build("wordpiece", "cantar cantar canto canto cama mar", { size: 40 });
  const tokens = learned(tokenizer);
  assert(tokens.includes("c") && tokens.includes("##a") && tokens.some((token) => /^##..+/.test(token)));
  assertEquals(cut(tokenizer, "canto").join(""), "canto");
  assertEquals(cut(tokenizer, "canzo"), ["<unk>"], "the whole word, if a part is unknown");
});

Deno.test("wordpiece: number signs in a text are no continuations", () => {
  const tokenizer = build("wordpiece", "# uno ## dos #tres a#b", {});
  for (const text of ["##", "###", "a##b", " ## # #"]) {
    assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  }
});

Deno.test("unigram: a text is cut where the product of probabilities is largest", () => {
  const words: [string, number][] = [["abc", 50], ["ab", 20], ["c", 20], ["abcab", 10]];
  const tokens = learnUnigram(words, 256 + 6);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const found = tokens.filter(({ bytes }) => bytes.length > 1).map(({ bytes }) => text(bytes));
  assert(found.includes("abc") && found.includes("ab"), found.join());
  assertEquals(text(tokens[0].bytes), "abc", "the most probable comes first");
});

Deno.test("a vocabulary has the size that was asked for, where the text has enough", async () => {
  const text = await Deno.readTextFile(new URL("../../data/raw/animales.txt", import.meta.url));
  for (const kind of ["word", "bpe", "wordpiece", "unigram"] as const) {
    assertEquals(build(kind, text, { size: 600 }).size, 600, kind);
  }
});

Deno.test("merges are learned again after pairs came and went, and each is told once", () => {
  const tokens = ["a", "b", "c"];
  const words = [{ symbols: [0, 1, 2, 0, 1, 2], count: 3 }, { symbols: [1, 2, 0, 1], count: 4 }, {
    symbols: [0, 0, 0, -1, 0, 0],
    count: 2,
  }];
  const merges = learnMerges(words, tokens, 100, (a, b) => a + b);
  assertEquals(merges[0], ["a", "b"]);
  assertEquals(new Set(merges.map(String)).size, merges.length);
  assertEquals(words.map(({ symbols }) => symbols.map((id) => tokens[id] ?? "?")), [["abcabc"], ["bcab"], [
    "aaa",
    "?",
    "aa",
  ]]);
});

Deno.test("of very many different words the rarest are forgotten, but not their characters", () => {
  const words = new WordCounts(10);
  words.add("uno uno dos dos " + "abcdefghijklmn".replace(/./g, "$& "));
  assertEquals(
    [...words.words.keys()].sort(),
    [" dos", " uno", "uno"].sort().filter((w) => words.words.has(w)),
  );
  assert(words.words.size <= 10);
  assertEquals(words.characters().get("k"), 1);
  assertEquals(words.characters().get("u"), 2);
});
