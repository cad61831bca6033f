import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { readHeader } from "../safetensors_header.ts";
import { UserError } from "../errors.ts";
import { charTokenizer } from "../text/testing.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { trainingBatch, validationBatches } from "./batches.ts";
import { tokenStream } from "./documents.ts";
import { bytesPerToken, Shard, writeShard } from "./shard.ts";
import { inMemory } from "./token_stream.ts";
import { inTemporaryFolder } from "../testing.ts";

const TEXTS = Array.from({ length: 60 }, (_, i) => `${i}: ${"ñandú ".repeat(i % 7)}`);
const tokenizer = charTokenizer(TEXTS.join(""));

async function write(path: string, { texts = TEXTS, own = tokenizer, seed = 1 } = {}) {
  return await writeShard(path, [texts], { tokenizer: own, seed, bytes: 1000 });
}

function whole(shard: Shard): Uint32Array<ArrayBuffer> {
  const tokens = new Uint32Array(shard.length);
  shard.read(0, tokens);
  return tokens;
}

/** The same vocabulary, padded with tokens that no text has. */
const enlarged = (size: number): Tokenizer =>
  new Proxy(tokenizer, {
    get: (target, key) =>
      key === "size" ? size : Reflect.get(target, key).bind?.(target) ?? Reflect.get(target, key),
  });

Deno.test("a shard holds each document once, in an order that the seed decides", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "train.safetensors");
    const decoded = async (seed: number) => {
      await write(path, { seed });
      using shard = await Shard.open(path, tokenizer);
      assertEquals(shard.documents, TEXTS.length);
      return tokenizer.decode(whole(shard), { special: true });
    };
    const text = await decoded(1);
    const documents = text.split(/<bos>|<eos>/).filter((part) => part !== "");
    assertEquals(documents.toSorted(), TEXTS.toSorted());
    assert(documents.join() !== TEXTS.join());
    assertEquals(await decoded(1), text);
    assert(await decoded(2) !== text);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["train.safetensors"]);
  });
});

Deno.test("it counts the tokens of the text, and all tokens", async () => {
  await inTemporaryFolder(async (folder) => {
    const { counts, tokens, documents } = await write(join(folder, "a"), { texts: ["11", "1"] });
    assertEquals([tokens, documents], [7, 2]);
    assertEquals(counts.reduce((sum, n) => sum + n, 0), 3);
    assertEquals(counts[tokenizer.encode("1")[0]], 3);
  });
});

Deno.test("tokens take 16 bits where the vocabulary fits, else 32, and are the same", async () => {
  assertEquals([2 ** 16, 2 ** 16 + 1].map(bytesPerToken), [2, 4]);
  await inTemporaryFolder(async (folder) => {
    const streams: Uint32Array[] = [];
    for (const size of [tokenizer.size, 2 ** 16 + 1]) {
      const own = enlarged(size), path = join(folder, String(size));
      await write(path, { own });
      const { entries: [{ dtype, size: bytes }] } = await readHeader(path, "");
      using shard = await Shard.open(path, own);
      assertEquals([dtype, bytes / shard.length], size > 2 ** 16 ? ["U32", 4] : ["U16", 2]);
      streams.push(whole(shard));
    }
    assertEquals(streams[0], streams[1]);
  });
});

Deno.test("batches of a shard are those of the same tokens in memory", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "train.safetensors");
    await write(path);
    using shard = await Shard.open(path, tokenizer);
    const memory = inMemory(whole(shard));
    assertEquals(memory.length, tokenStream(TEXTS, tokenizer).length);
    for (let step = 0; step < 20; step++) {
      const options = { batch: 3, time: 16, seed: 5, step };
      assertEquals(trainingBatch(shard, options), trainingBatch(memory, options));
    }
    for (const limit of [4, Infinity]) {
      const options = { batch: 3, time: 16, limit };
      assertEquals([...validationBatches(shard, options)], [...validationBatches(memory, options)]);
    }
  });
});

Deno.test("a batch reads its windows and no more, however long the text", () => {
  const reads: number[] = [];
  const endless = { length: 2 ** 40, read: (_: number, into: Uint32Array) => void reads.push(into.length) };
  trainingBatch(endless, { batch: 4, time: 32, seed: 1, step: 7 });
  assertEquals(reads, [33, 33, 33, 33]);
  reads.length = 0;
  for (const _ of validationBatches(endless, { batch: 2, time: 32, limit: 3 }));
  assertEquals(reads, Array(6).fill(33));
});

Deno.test("a shard that is missing, cut off, damaged or foreign is told, with the command that mends it", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "train.safetensors"),
      remedy = "make it anew: deno task build-vocab --force with the same --config";
    const refuse = async (says: string, own = tokenizer) => {
      const error = await assertRejects(() => Shard.open(path, own), UserError, `${path} ${says}`);
      assert(error.message.endsWith(remedy), error.message);
    };
    await refuse("does not exist");
    await write(path);
    await refuse("is encoded with another vocabulary", charTokenizer("abc"));
    await refuse("is encoded with another vocabulary", enlarged(2 ** 17));
    const bytes = await Deno.readFile(path);
    for (
      const [length, why] of [[0, "0 bytes"], [50, "the header is cut off"], [
        bytes.length - 1,
        "it ends inside",
      ]]
    ) {
      await Deno.writeFile(path, bytes.subarray(0, length as number));
      await refuse(`is not a whole safetensors file (${why}`);
    }
    const altered = bytes.slice();
    altered.fill(0xff, -2);
    await Deno.writeFile(path, altered);
    using shard = await Shard.open(path, tokenizer);
    const last = shard.length - 1;
    assertThrows(
      () => whole(shard),
      UserError,
      `${path} is damaged: token ${last} is none of the vocabulary's`,
    );
    await Deno.truncate(path, bytes.length - 4);
    assertThrows(() => whole(shard), UserError, `${path} was cut off`);
  });
});

Deno.test("a file of weights is no shard", async () => {
  const weights = new URL("../train/testdata/parity/gpt2-odd/model.safetensors", import.meta.url).pathname;
  await assertRejects(() => Shard.open(weights, tokenizer), UserError, "holds no encoded text");
});
