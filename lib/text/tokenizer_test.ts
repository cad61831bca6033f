import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import type { JsonTokenizer } from "./json_tokenizer.ts";
import { readTokenizer, TOKENIZER_KINDS, type TokenizerKind, vocabularyBuilder } from "./tokenizer.ts";

/** Recorded from an earlier version of the code. */
// deno-fmt-ignore
const IDS = [284, 694, 287, 275, 664, 282, 904, 907, 35, 203, 1341, 1091, 16, 225, 177, 258, 104, 252, 535, 514, 225, 21, 225, 22, 23, 24, 225, 32, 86, 314, 34, 18, 18, 18];

const PROSE = "La canción del ñandú\u0301 sonaba en la montaña, y 1234 pingüinos la oi\u0301an... 🦙\n"
  .repeat(40);

function vocabularyOf(kind: TokenizerKind, text = PROSE, size = 320): JsonTokenizer {
  const builder = vocabularyBuilder(kind);
  builder.add(text);
  return builder.build({ minCount: 1, always: "", size }) as JsonTokenizer;
}

/** Runs a test for every kind. */
function forEveryKind(name: string, test: (tokenizer: JsonTokenizer) => void | Promise<void>): void {
  for (const kind of TOKENIZER_KINDS) Deno.test(`${kind}: ${name}`, () => test(vocabularyOf(kind)));
}

forEveryKind("decoding what was encoded gives the text back, accents and emoji included", (tokenizer) => {
  assertEquals(tokenizer.decode(tokenizer.encode(PROSE)), PROSE.normalize("NFC"));
});

forEveryKind("a letter and its combining accent are the same as the composed letter", (tokenizer) => {
  assertEquals(tokenizer.encode("cancio\u0301n"), tokenizer.encode("canción"));
});

forEveryKind("no text becomes a special token, though it spells one", (tokenizer) => {
  const markers = "<pad><unk> <bos> <eos>\n<instr><resp>";
  const ids = [...tokenizer.encode(markers + PROSE)];
  const { unk, ...others } = tokenizer.special;
  for (const id of Object.values(others)) assert(!ids.includes(id), tokenizer.label(id));
  if (unk === null) assertEquals(tokenizer.decode(tokenizer.encode(markers)), markers);
});

forEveryKind("special tokens appear by name if asked for", (tokenizer) => {
  const { bos, eos } = tokenizer.special;
  const ids = [bos, ...tokenizer.encode(" la canción"), eos];
  assertEquals(tokenizer.decode(ids, { special: true }), "<bos> la canción<eos>");
  assertEquals(tokenizer.decode(ids), " la canción");
});

forEveryKind("a saved tokenizer is restored as it was", async (tokenizer) => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify(tokenizer.toJson()));
  const restored = await readTokenizer(path);
  await Deno.remove(path);
  assertEquals(restored.encode(PROSE), tokenizer.encode(PROSE));
  assertEquals([restored.kind, restored.size], [tokenizer.kind, tokenizer.size]);
  assertEquals(restored.special, tokenizer.special);
  assertEquals(JSON.stringify(restored.toJson()), JSON.stringify(tokenizer.toJson()));
});

forEveryKind("tokens decode one by one as they do together", (tokenizer) => {
  const text = "¿Oía 🦙🦙 la canción?";
  const ids = [...tokenizer.encode(text)], decoder = tokenizer.decoder();
  const parts = ids.map((id) => decoder.push(id));
  assertEquals(parts.join("") + decoder.end(), tokenizer.decode(ids));
  assert(!parts.join("").includes("\ufffd"));
});

forEveryKind("a cut text has the first or the last ids of the whole", (tokenizer) => {
  const whole = tokenizer.encode(PROSE);
  for (const n of [0, 1, 2, 7, 64, 300, whole.length, whole.length + 5]) {
    assertEquals(tokenizer.encode(PROSE, { first: n }), whole.slice(0, n));
    assertEquals(tokenizer.encode(PROSE, { last: n }), whole.slice(Math.max(0, whole.length - n)));
  }
  const decomposed = PROSE.normalize("NFD");
  assertEquals(tokenizer.encode(decomposed, { first: 50 }), whole.slice(0, 50));
  assertEquals(tokenizer.encode(decomposed, { last: 50 }), whole.slice(-50));
});

forEveryKind("a cut text is not looked at further than can matter", (tokenizer) => {
  for (const cut of [{ first: 8 }, { last: 8 }]) {
    // If any part of a text this long were copied or decomposed, it would exceed the longest string.
    assertEquals(tokenizer.encode("x".repeat(2 ** 28), cut).length, 8);
  }
});

forEveryKind("words and marks of any length are encoded in a time that grows with it", (tokenizer) => {
  const began = performance.now();
  tokenizer.encode("canciona".repeat(12_500));
  tokenizer.encode("¡".repeat(100_000) + "?".repeat(100_000));
  tokenizer.encode("e" + "\u0301\u0323\u0327".repeat(100_000));
  // It takes some 100 ms; once, the word took 4 s and the marks 20 s.
  assert(performance.now() - began < 2000);
});

forEveryKind("remembered pieces are bounded in bytes and in length", (tokenizer) => {
  tokenizer.encode("canción ".repeat(3));
  const few = tokenizer.knownBytes;
  if (tokenizer.kind !== "char") {
    tokenizer.encode("canciona".repeat(8_000));
    assertEquals(tokenizer.knownBytes, few, "long pieces are not remembered");
  }
  let most = 0;
  for (let i = 0; i < 60; i++) {
    const words = Array.from(
      { length: 5_000 },
      (_, k) =>
        (i * 5_000 + k).toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)]) + "sonaba",
    );
    tokenizer.encode(words.join(" "));
    most = Math.max(most, tokenizer.knownBytes);
  }
  assert(most <= 2 ** 24, `${most} bytes`);
  if (tokenizer.kind !== "char" && tokenizer.kind !== "word") assert(most > 2 ** 23, `${most} bytes`);
});

Deno.test("more than 30 combining marks in a row are left out; fewer are kept", () => {
  const tokenizer = vocabularyOf("char", "e\u0323\u0301x");
  const marks = (n: number) => tokenizer.encode("x" + "\u0323".repeat(n) + "x").length;
  assertEquals([marks(1), marks(30), marks(31), marks(5000)], [3, 32, 32, 32]);
});

Deno.test("a token that is no whole character is shown by its bytes", () => {
  const tokenizer = vocabularyOf("bpe");
  assertEquals(Array.from(tokenizer.encode("日"), (id) => tokenizer.label(id)), ["\\xe6", "\\x97", "\\xa5"]);
  assertEquals(tokenizer.decode(tokenizer.encode("日").slice(0, 2)), "\ufffd");
});

Deno.test("a file that is no tokenizer is refused", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  for (
    const [text, why] of [
      [`{"kind":"char"`, "is no JSON"],
      [`{"kind":"char","tokens":[]}`, "model"],
      [`[]`, "tokenizer.json: "],
      [`{"model":{"type":"Magic"},"pre_tokenizer":null}`, `model.type: "Magic" is none of`],
    ]
  ) {
    await Deno.writeTextFile(path, text);
    await assertRejects(() => readTokenizer(path), UserError, why);
  }
  await Deno.remove(path);
});

Deno.test("the vocabulary of the model that ships encodes as on the day it was trained", async () => {
  const path = new URL("../../models/small/instruct/best/tokenizer.json", import.meta.url).pathname;
  const tokenizer = await readTokenizer(path);
  assertEquals([tokenizer.kind, tokenizer.size], ["bpe", 1536]);
  assertEquals(tokenizer.special, { pad: 0, unk: null, bos: 1, eos: 2, instr: 3, resp: 4 });
  const text = "¿Cuál es la capital de Costa Rica?\nSan José, 🦙 cancio\u0301n 1 234 <resp>...";
  const ids = [...tokenizer.encode(text)];
  assertEquals(ids, IDS);
  assertEquals(
    tokenizer.decode(ids),
    "¿Cuál es la capital de Costa Rica?\nSan José, 🦙 canción 1 234 <resp>...",
  );
});
