import { assert, assertEquals, assertThrows } from "@std/assert";
import { ALPHABET } from "./byte_alphabet.ts";
import { JsonError } from "./json_error.ts";
import { JsonTokenizer } from "./json_tokenizer.ts";
import { parseTokenizer } from "./parse_json.ts";
import { readFolderTokenizer } from "./tokenizer.ts";

const END = { id: 258, content: "<|endoftext|>", special: true };
const vocab = Object.fromEntries([...ALPHABET, "ab", "Ġc"].map((token, id) => [token, id]));
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

/** A small file of GPT-2's kind. */
const foreign = {
  added_tokens: [END],
  normalizer: null as unknown,
  pre_tokenizer: byteLevel as unknown,
  post_processor: { type: "ByteLevel" },
  truncation: { max_length: 4 },
  model: { type: "BPE", vocab: { ...vocab, "<|endoftext|>": 258 }, merges: ["a b", "Ġ c"] } as Record<
    string,
    unknown
  >,
};
const read = (json: object, config = {}) =>
  new JsonTokenizer(parseTokenizer({ ...foreign, ...json }, config));
const shown = (tokenizer: JsonTokenizer, text: string) =>
  Array.from(tokenizer.encode(text), (id) => tokenizer.label(id));

Deno.test("a byte-level vocabulary from elsewhere is read, and gets the special tokens that it lacks", () => {
  const tokenizer = read({});
  assertEquals(shown(tokenizer, "ab cab"), ["ab", " c", "ab"]);
  assertEquals(tokenizer.special, { pad: 259, unk: null, bos: 258, eos: 258, instr: 260, resp: 261 });
  assertEquals(tokenizer.size, 262);
  const again = new JsonTokenizer(parseTokenizer(JSON.parse(JSON.stringify(tokenizer.toJson()))));
  assertEquals([again.size, again.special], [tokenizer.size, tokenizer.special]);
  assertEquals(again.encode("ab cab ñ"), tokenizer.encode("ab cab ñ"));
});

Deno.test("tokenizer_config.json says which tokens begin, end and fill up, if they are apart", () => {
  const added_tokens = [
    END,
    ...["<s>", "</s>"].map((content, i) => ({ id: 259 + i, content, special: true })),
  ];
  const names = { bos_token: "<s>", eos_token: { content: "</s>" }, pad_token: "</s>" };
  const { bos, eos, pad } = read({ added_tokens }, names).special;
  assertEquals([bos, eos, pad], [259, 260, 261]);
  assertEquals(read({ added_tokens }, { ...names, pad_token: "<|endoftext|>" }).special.pad, 258);
});

Deno.test("a special token of another vocabulary cannot be spelled, and other added tokens can", () => {
  const added_tokens = [END, { id: 259, content: "<think>", special: false }];
  const tokenizer = read({ added_tokens });
  assert(!tokenizer.encode("a<|endoftext|>b").includes(258));
  assertEquals(shown(tokenizer, "ab<think>ab"), ["ab", "<think>", "ab"]);
  assertEquals(tokenizer.decode(tokenizer.encode("ab<think>ab<|endoftext|>")), "ab<think>ab<|endoftext|>");
});

Deno.test("splits in turns, single digits and pieces that are tokens are read", () => {
  const split = {
    type: "Split",
    pattern: { Regex: "(?i:'s)|\\s?\\p{L}+|.|\\n" },
    behavior: "Isolated",
    invert: false,
  };
  const pretokenizers = [split, { type: "Digits", individual_digits: true }, {
    ...byteLevel,
    use_regex: false,
  }];
  const tokenizer = read({ pre_tokenizer: { type: "Sequence", pretokenizers } });
  assertEquals(shown(tokenizer, "ab'S 12"), ["ab", "'", "S", " ", "1", "2"]);
  const model = { ...foreign.model, merges: [], ignore_merges: true };
  assertEquals(shown(read({ model }), "ab abc c"), ["ab", " ", "a", "b", "c", " c"]);
});

Deno.test("very long pieces are encoded in a time that hardly grows faster than they", () => {
  const began = performance.now();
  assertEquals(read({}).encode("ab".repeat(150_000)).length, 150_000);
  assert(performance.now() - began < 5000);
});

Deno.test("what would give other ids is refused by its key", () => {
  const { model } = foreign;
  const { "!": _, ...lacking } = vocab;
  const strip = { id: 259, content: "<x>", special: false, lstrip: true };
  for (
    const [json, why] of [
      [{ model: { ...model, dropout: 0.1 } }, "model.dropout: 0.1"],
      [{ model: { ...model, byte_fallback: true } }, "model.byte_fallback"],
      [{ model: { ...model, end_of_word_suffix: "</w>" } }, "model.end_of_word_suffix"],
      [{ model: { ...model, merges: ["a zz"] } }, 'model.merges.0: "a zz"'],
      [{ model: { ...model, vocab: lacking } }, 'model.vocab: it lacks "!"'],
      [{ model: { ...model, vocab: { a: -1 } } }, "model.vocab.a"],
      [{ normalizer: { type: "Lowercase" } }, 'normalizer.type: "Lowercase"'],
      [{ pre_tokenizer: { ...byteLevel, add_prefix_space: true } }, "pre_tokenizer.add_prefix_space"],
      [{ pre_tokenizer: { type: "Metaspace" } }, 'pre_tokenizer.type: "Metaspace"'],
      [
        { pre_tokenizer: { type: "Split", pattern: { Regex: "a++" }, behavior: "Isolated" } },
        "pre_tokenizer.pattern",
      ],
      [{ pre_tokenizer: null }, "pre_tokenizer"],
      [{ added_tokens: [strip] }, 'added_tokens: "<x>"'],
    ] as const
  ) {
    assertThrows(() => read(json), JsonError, why);
  }
});

Deno.test("a folder may have GPT-2's first files, vocab.json and merges.txt, or none", async () => {
  const folder = await Deno.makeTempDir();
  assertEquals(await readFolderTokenizer(folder), null);
  await Deno.writeTextFile(`${folder}/vocab.json`, JSON.stringify(foreign.model.vocab));
  await Deno.writeTextFile(`${folder}/merges.txt`, "#version: 0.2\na b\nĠ c\n");
  const tokenizer = await readFolderTokenizer(folder);
  assertEquals(tokenizer!.encode("ab cab"), read({}).encode("ab cab"));
  assertEquals(tokenizer!.special, read({}).special);
  await Deno.remove(folder, { recursive: true });
});
