import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { plainText, plainWords } from "../data/plain_words.ts";
import { type Pair, readPairs } from "../data/pairs.ts";
import { OracleDevice } from "../device/oracle.ts";
import { UserError } from "../errors.ts";
import { scoreSequences, scoreTokens } from "../generate/score.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { charTokenizer } from "../text/testing.ts";
import { isRight, pairScore, pairScores, scorePairs } from "./pairs.ts";

const tokenizer = charTokenizer("abcdef ");

function build(context = 40): Decoder {
  const options = { vocab: tokenizer.size, context, layers: 1, heads: 2, width: 16 };
  const model = new Decoder(new OracleDevice(), modelConfig(options));
  model.initialize(5);
  return model;
}

const pair = (good: string, bad: string, phenomenon = "p"): Pair => ({ good, bad, phenomenon });

Deno.test("sequences scored side by side have the probabilities of each alone", async () => {
  const model = build();
  // Sequences of many lengths in mixed order, which take more than one pass.
  const sequences = Array.from(
    { length: 60 },
    (_, i) => Uint32Array.from({ length: 1 + i * 7 % 41 }, (_, t) => (t * t + i) % tokenizer.size),
  );
  const done: number[] = [];
  const logprobs = await scoreSequences(model, sequences, (share) => done.push(share));
  for (const [i, ids] of sequences.entries()) {
    const alone = await scoreTokens(model, ids, 0);
    assertAlmostEquals(logprobs[i], alone.reduce((sum, { logprob }) => sum + logprob, 0), 1e-4);
  }
  assert(done.length > 1 && done.at(-1) === 1, `${done}`);
  assertEquals(await scoreSequences(model, [], () => {}), new Float64Array());
});

Deno.test("a pair is right if the right sentence is the more probable one; phenomena have their shares", async () => {
  const model = build();
  const sentences = ["ab", "ba"];
  const sums = await scoreSequences(
    model,
    sentences.map((text) => Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(text))),
    () => {},
  );
  const [better, worse] = sums[0] > sums[1] ? sentences : sentences.toReversed();
  const pairs = [pair(better, worse, "x"), pair(worse, better, "x"), pair(better, worse, "y")];
  const scored = await scorePairs(model, tokenizer, pairs, () => {});
  assertEquals(scored.map(isRight), [true, false, true]);
  assertAlmostEquals(scored[0].good_logprob, Math.max(...sums), 1e-6);
  assertEquals(pairScore(scored), { pairs: 3, right: 2 / 3 });
  assertEquals(pairScores(scored), { x: { pairs: 2, right: 0.5 }, y: { pairs: 1, right: 1 } });
  // Sentences that the vocabulary encodes alike are equally probable, so the pair is not right.
  assert(!isRight((await scorePairs(model, tokenizer, [pair("ñ", "ü")], () => {}))[0]));
});

Deno.test("tokens of a sequence longer than the context follow half a context at least", async () => {
  const model = build(10);
  const ids = Uint32Array.from({ length: 19 }, (_, t) => (t * t + t) % tokenizer.size);
  // Positions 1 to 10 in the first window, 11 to 15 in the second, which starts at 5, the rest in the third.
  const sum = async (from: number, to: number, scored: number) =>
    (await scoreTokens(model, ids.slice(from, to), 0)).slice(-scored).reduce((a, b) => a + b.logprob, 0);
  const expected = await sum(0, 11, 10) + await sum(5, 16, 5) + await sum(10, 19, 3);
  assertAlmostEquals((await scoreSequences(model, [ids], () => {}))[0], expected, 1e-4);
});

Deno.test("files of pairs are refused with the line that is wrong", async () => {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  const good = { good: "Ana duerme.", bad: "Ana duermes.", phenomenon: "sujeto-verbo" };
  try {
    for (
      const [line, says] of [
        [{ ...good, bad: good.good }, ":2: good and bad are the same sentence"],
        [{ ...good, bad: " " }, ':2: expected {"good": …'],
        [{ ...good, phenomenon: undefined }, ':2: expected {"good": …'],
        [{ ...good, kind: "x" }, ':2: expected {"good": …'],
      ] as const
    ) {
      await Deno.writeTextFile(file, `${JSON.stringify(good)}\n${JSON.stringify(line)}\n`);
      await assertRejects(() => readPairs(file), UserError, says);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the pairs that ship: 30 or more of each of 12 phenomena or more, none twice, minimal", async () => {
  const pairs = await readPairs(new URL("../../data/evaluate/pairs.jsonl", import.meta.url).pathname);
  const phenomena = Map.groupBy(pairs, ({ phenomenon }) => phenomenon);
  assert(pairs.length >= 400 && phenomena.size >= 12);
  for (const [name, own] of phenomena) assert(own.length >= 30, `${name}: ${own.length}`);
  assertEquals(new Set(pairs.map(({ good }) => plainText(good))).size, pairs.length);
  // The bad sentences have all but at most three words of the good ones.
  for (const { good, bad } of pairs) {
    const words = good.toLowerCase().split(" "), others = bad.toLowerCase().split(" ");
    const kept = words.filter((word) => others.includes(word)).length;
    assert(words.length - kept <= 3 && Math.abs(words.length - others.length) <= 1, bad);
  }
});

Deno.test("how frequent words are does not tell which sentence of a pair is right", async () => {
  const data = new URL("../../data/", import.meta.url).pathname;
  const counts = new Map<string, number>();
  for await (const { name } of Deno.readDir(`${data}raw`)) {
    for (const word of plainWords(await Deno.readTextFile(`${data}raw/${name}`))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const logarithm = (text: string) =>
    plainWords(text).reduce((sum, word) => sum + Math.log((counts.get(word) ?? 0) + 1), 0);
  const pairs = await readPairs(`${data}evaluate/pairs.jsonl`);
  const points = pairs.map(({ good, bad }) => (1 + Math.sign(logarithm(good) - logarithm(bad))) / 2);
  const right = points.reduce((a, b) => a + b) / pairs.length;
  assert(right > 0.4 && right < 0.6, `${right}`);
});
