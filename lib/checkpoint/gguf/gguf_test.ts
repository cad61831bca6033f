import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { dequantise, quantise } from "../../device/blocks.ts";
import { CpuDevice } from "../../device/cpu.ts";
import { UserError } from "../../errors.ts";
import { modelConfig, type ModelOptions } from "../../model/config.ts";
import { Decoder, parameterSpecs } from "../../model/decoder.ts";
import { qwen3 } from "../../model/families/qwen3.ts";
import { relativeError } from "../../ops/conformance.ts";
import { sampleText } from "../../run/testing.ts";
import { scope } from "../../tensor/tensor.ts";
import { charTokenizer } from "../../text/testing.ts";
import { type Tokenizer, TOKENIZER_KINDS, vocabularyBuilder } from "../../text/tokenizer.ts";
import { rowsOfBlocks } from "../block_tensors.ts";
import { readCheckpointInfo } from "../checkpoint.ts";
import { openDecoder } from "../open_model.ts";
import { quantiseCheckpoint } from "../quantise.ts";
import { withRows } from "../rows.ts";
import { apertus } from "./families.ts";
import { encodeStart, type Key, type TensorEntry } from "./format.ts";
import { readGguf, readGgufInfo } from "./model.ts";
import { pairRows } from "./names.ts";
import { GgufReader } from "./reader.ts";
import { ggufConfigs, randomCheckpoint } from "./testing.ts";
import { EXPORT_TYPES, type ExportType, writeGguf } from "./write.ts";

function vocabulary(kind: Tokenizer["kind"] = "bpe"): Tokenizer {
  const builder = vocabularyBuilder(kind);
  builder.add(sampleText());
  return builder.build({ minCount: 1, always: "", size: 320 });
}
const device = await CpuDevice.open({ threads: 1 });
const tokenizer = vocabulary();
const configs = ggufConfigs(tokenizer.size);

/** Runs a test in a temporary folder. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The logits of so many tokens that products with blocks are computed in float32; fewer would use integers. */
function logitsOf(model: Decoder): Promise<Float32Array> {
  const ids = Uint32Array.from({ length: 16 }, (_, i) => i * 7 % tokenizer.size);
  return scope(() => device.read(model.logits({ ids, batch: 1, time: ids.length }).buffer));
}

const options = (as: ExportType) => ({ as, model: "m", name: "m" });

Deno.test("a file begins with magic, version, counts, keys and tensors, and padding up to the data", () => {
  const bytes = encodeStart([["a", { uint32: 7 }], ["b", { strings: ["x", "ñ"] }], ["c", { bool: true }]], [
    { name: "t", shape: [2, 32], type: "q8_0" },
    { name: "u", shape: [3], type: "f32" },
  ]);
  const u32 = (x: number) => [x, 0, 0, 0], u64 = (x: number) => [x, 0, 0, 0, 0, 0, 0, 0];
  const text = (x: string) => [...u64(new TextEncoder().encode(x).length), ...new TextEncoder().encode(x)];
  const expected = [
    ...[0x47, 0x47, 0x55, 0x46, ...u32(3), ...u64(2), ...u64(3)],
    ...[...text("a"), ...u32(4), ...u32(7)],
    ...[...text("b"), ...u32(9), ...u32(8), ...u64(2), ...text("x"), ...text("ñ")],
    ...[...text("c"), ...u32(7), 1],
    ...[...text("t"), ...u32(2), ...u64(32), ...u64(2), ...u32(8), ...u64(0)],
    // Two blocks of 34 bytes, and the next multiple of 32.
    ...[...text("u"), ...u32(1), ...u64(3), ...u32(0), ...u64(96)],
  ];
  assertEquals(bytes.length, Math.ceil(expected.length / 32) * 32);
  assertEquals([...bytes.subarray(0, expected.length)], expected);
  assert(bytes.subarray(expected.length).every((byte) => byte === 0));
});

Deno.test("rows of Llama's heads are paired as the conversion of llama.cpp pairs them, and back", () => {
  // Two heads of four rows and two columns.
  const rows = (order: number[]) => Float32Array.from(order.flatMap((row) => [10 * row, 10 * row + 1]));
  const plain = rows([0, 1, 2, 3, 4, 5, 6, 7]), paired = rows([0, 2, 1, 3, 4, 6, 5, 7]);
  assertEquals(pairRows(plain, 2, 2, "there"), paired);
  assertEquals(pairRows(paired, 2, 2, "back"), plain);
});

for (const [name, config] of Object.entries(configs)) {
  Deno.test(`${name}: what is written is read again, whatever it is stored in`, () =>
    inFolder(async (folder) => {
      const checkpoint = randomCheckpoint(config, tokenizer, "chat");
      for (const as of Object.keys(EXPORT_TYPES) as ExportType[]) {
        const path = join(folder, `${as}.gguf`);
        const bytes = await writeGguf(path, checkpoint, options(as));
        assertEquals((await Deno.stat(path)).size, bytes);
        const read = await readGguf(path);
        // llama.cpp's GPT-2 needs all biases, so they are zeros. Its Apertus needs an untied head, so it is a copy.
        const bias = config.bias || config.position === "learned",
          tied = config.tied && config.mlp !== "relu2";
        assertEquals(read.config, { ...config, bias, tied });
        assertEquals(read.tokenizer.toJson(), tokenizer.toJson());
        assertEquals(read.tokenizer.special, tokenizer.special);
        assertEquals(await readGgufInfo(path).then(({ chat }) => chat), true);
        for (const spec of parameterSpecs(read.config)) {
          const name = spec.name === "head.weight" && config.tied ? "embed.tokens.weight" : spec.name;
          const own = parameterSpecs(config).find((spec) => spec.name === name);
          const ours = own ? checkpoint.values(own) : new Float32Array(spec.shape[0]);
          const error = Math.max(...read.values(spec).map((x, i) => Math.abs(x - ours[i])));
          const vector = spec.shape.length === 1 || spec.name === "embed.positions.weight";
          const step = { f32: 0, f16: 2 ** -11, q8_0: 1 / 220, q4_0: 1 / 7 }[vector ? "f32" : as];
          assert(error <= step * Math.max(...ours.map(Math.abs)), `${as}: ${spec.name} is ${error} off`);
        }
      }
    }));

  Deno.test(`${name}: matrices in 8 or 4 bits stay so in memory, and are those that quantise makes`, () =>
    inFolder(async (folder) => {
      const checkpoint = randomCheckpoint(config, tokenizer);
      for (const as of ["q8_0", "q4_0"] as const) {
        const path = join(folder, `${as}.gguf`);
        await writeGguf(path, checkpoint, options(as));
        const read = await readGguf(path);
        for (const spec of parameterSpecs(config)) {
          const matrix = read.quantised!.get(spec.name);
          if (spec.role === "vector" || spec.name === "embed.positions.weight") {
            assertEquals(matrix, undefined);
          } else {
            const kind = spec.role === "matrix" ? as : "q8_0";
            const rows = rowsOfBlocks(spec, checkpoint.values(spec));
            assertEquals(matrix, { kind, bytes: quantise(rows, kind, { scales: "searched" }) }, spec.name);
          }
        }
        const plain = new Decoder(device, read.config), model = openDecoder(device, read);
        plain.load(read.values);
        assertLess(relativeError(await logitsOf(model), await logitsOf(plain)), 1e-4, as);
        assert(model.parameters.bytes < plain.parameters.bytes / 2.5, `${model.parameters.bytes}`);
      }
    }));
}

Deno.test("a quantised copy of a GGUF file records which file it was made from", () =>
  inFolder(async (folder) => {
    const path = join(folder, "m.gguf");
    await writeGguf(path, randomCheckpoint(configs.llama, tokenizer), options("f32"));
    const { info } = await quantiseCheckpoint(path, "q4", join(folder, "copy"));
    assertEquals(info.quantised!.files, (await readCheckpointInfo(path))!.files);
    assertEquals(Object.keys(info.quantised!.files), ["m.gguf"]);
  }));

Deno.test("the tokens that a vocabulary lacks get rows in float32 beside quantised matrices", () =>
  inFolder(async (folder) => {
    for (const name of ["gpt2", "llama"]) {
      const path = join(folder, `${name}.gguf`);
      await writeGguf(path, randomCheckpoint(configs[name], tokenizer), options("q8_0"));
      const read = await readGguf(path);
      const larger = withRows(read, { size: tokenizer.size + 2 } as Tokenizer, path);
      const rows = [...read.quantised!.keys()].filter((name) => !larger.quantised!.has(name));
      assertEquals(rows, ["embed.tokens.weight", ...configs[name].tied ? [] : ["head.weight"]]);
      const [before, after] = await Promise.all([read, larger].map((m) => logitsOf(openDecoder(device, m))));
      assertEquals(after.length / before.length, (tokenizer.size + 2) / tokenizer.size);
      const known = after.filter((_, i) => i % (tokenizer.size + 2) < tokenizer.size);
      assertLess(relativeError(known, before), 1e-4);
    }
  }));

Deno.test("matrices of q4_0 have scales of least error; embedding and head have 8 bits", () =>
  inFolder(async (folder) => {
    const checkpoint = randomCheckpoint(configs.qwen3, tokenizer);
    const path = join(folder, "m.gguf");
    await writeGguf(path, checkpoint, options("q4_0"));
    using file = await GgufReader.open(path);
    const types = Object.fromEntries([...file.tensors].map(([name, { type }]) => [name, type]));
    assertEquals(
      ["token_embd.weight", "blk.1.ffn_down.weight", "blk.0.attn_q_norm.weight", "output_norm.weight"]
        .map((name) => types[name]),
      ["q8_0", "q4_0", "f32", "f32"],
    );
    const spec = parameterSpecs(configs.qwen3).find(({ name }) => name === "embed.tokens.weight")!;
    assertEquals(
      await file.read("token_embd.weight"),
      dequantise(quantise(checkpoint.values(spec), "q8_0"), "q8_0"),
    );
    assertEquals(file.keys.get("general.file_type"), 2);
  }));

Deno.test("rows that are no whole blocks are stored in float16", () =>
  inFolder(async (folder) => {
    const config = modelConfig({ vocab: tokenizer.size, context: 8, layers: 1, heads: 2, width: 24 });
    const path = join(folder, "m.gguf");
    await writeGguf(path, randomCheckpoint(config, tokenizer), options("q4_0"));
    using file = await GgufReader.open(path);
    // 4 · 24 columns of the MLP are three blocks.
    assertEquals(["ffn_up", "ffn_down"].map((name) => file.tensors.get(`blk.0.${name}.weight`)!.type), [
      "f16",
      "q4_0",
    ]);
    assertEquals((await readGguf(path)).config, config);
  }));

Deno.test("models and vocabularies that GGUF has not are refused with what is in the way, and nothing is written", () =>
  inFolder(async (folder) => {
    const path = join(folder, "m.gguf");
    const sizes = { vocab: tokenizer.size, context: 8, layers: 1, heads: 2, width: 32 };
    const refusals: [given: Partial<ModelOptions>, says: string][] = [
      [{ position: "alibi" }, "m: position: alibi, not learned; GGUF has gpt2, llama, qwen3"],
      [{ softcap: 30 }, "m: softcap: 30, not 0;"],
      [{ position: "rope", norm: "rms", mlp: "relu2", qkNorm: true }, "m: bias: true, not false; GGUF has"],
      [{ kvHeads: 1 }, "m: kv_heads: 1, not 2;"],
    ];
    for (const [given, says] of refusals) {
      const config = modelConfig({ ...sizes, ...given });
      const write = () => writeGguf(path, randomCheckpoint(config, tokenizer), options("f32"));
      await assertRejects(write, UserError, says);
    }
    for (const kind of TOKENIZER_KINDS.filter((kind) => kind !== "bpe")) {
      const other = vocabulary(kind);
      const config = modelConfig({ ...sizes, vocab: other.size });
      const write = () => writeGguf(path, randomCheckpoint(config, other), options("f32"));
      await assertRejects(
        write,
        UserError,
        `m: its vocabulary is of the kind ${kind}, and GGUF has byte-level bpe`,
      );
    }
    const huge = randomCheckpoint(configs.gpt2, tokenizer);
    const large = {
      ...huge,
      values: (spec: Parameters<typeof huge.values>[0]) => huge.values(spec).fill(1e6),
    };
    await assertRejects(() => writeGguf(path, large, options("f16")), UserError, "is too large for float16");
    const head = { labels: ["a", "b"], pooling: "last", norm: false, dropout: 0 } as const;
    await assertRejects(
      () => writeGguf(path, { ...huge, head }, options("f16")),
      UserError,
      "m is a classifier",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

const I64 = 8;

/** Writes a small file of ours with some keys, tensors and then bytes changed. */
async function madeWith(
  folder: string,
  { keys = [], tensors = (given) => given, options: given = {} }: {
    readonly keys?: readonly Key[];
    readonly tensors?: (given: readonly TensorEntry[]) => readonly TensorEntry[];
    readonly options?: Partial<ModelOptions>;
  },
): Promise<string> {
  const path = join(folder, "changed.gguf");
  const config = modelConfig({ vocab: tokenizer.size, context: 8, layers: 1, heads: 2, width: 32, ...given });
  await writeGguf(path, randomCheckpoint(config, tokenizer), options("f32"));
  using file = await GgufReader.open(path);
  const changed = new Map(keys);
  const typed = (value: unknown): Key[1] =>
    typeof value === "string"
      ? { string: value }
      : typeof value === "boolean"
      ? { bool: value }
      : typeof value === "number"
      ? Number.isInteger(value) ? { uint32: value } : { float32: value }
      : typeof (value as unknown[])[0] === "string"
      ? { strings: value as string[] }
      : { int32s: value as number[] };
  const own = [...file.keys].filter(([key]) => !changed.has(key)).map((
    [key, value],
  ): Key => [key, typed(value)]);
  const entries = tensors([...file.tensors].map(([name, { shape, type }]) => ({ name, shape, type })));
  const start = encodeStart([...own, ...changed], entries);
  const size = entries.reduce((n, { shape }) => n + 4 * shape.reduce((a, b) => a * b, 1) + 32, 0);
  await Deno.writeFile(path, start);
  await Deno.truncate(path, start.length + Math.min(size, 2 ** 22));
  return path;
}

Deno.test("a file that is changed in any of these ways is refused in one line", () =>
  inFolder(async (folder) => {
    const only = (name: string, change: Partial<TensorEntry>) => (given: readonly TensorEntry[]) =>
      given.map((entry) => entry.name === name ? { ...entry, ...change } : entry);
    const tokens = ["tokenizer.ggml.tokens", { strings: ["a", "b"] }] as const;
    const cases: [change: Parameters<typeof madeWith>[1], says: string][] = [
      [{ keys: [["general.architecture", { string: "mamba" }]] }, '"mamba" is none of gpt2, llama, qwen3'],
      [{ keys: [["general.alignment", { uint32: 48 }]] }, "general.alignment is 48, not a power of two"],
      [{ keys: [["general.alignment", { uint32: 4096 }]] }, "does not begin at a multiple of 4096 bytes"],
      [{ keys: [["split.count", { uint32: 3 }]] }, "is one of 3 files of a model"],
      [{ keys: [["gpt2.block_count", { uint32: 2 ** 31 }]] }, "lacks blk.1.attn_norm.weight"],
      [{ keys: [["gpt2.block_count", { string: "1" }]] }, "gpt2.block_count: "],
      [
        { keys: [["gpt2.embedding_length", { uint32: 2 ** 31 }]] },
        "token_embd.weight is [320,32], by its keys it should",
      ],
      [
        { keys: [["gpt2.attention.head_count", { uint32: 5 }]] },
        "heads: a width of 32 cannot be divided by 5 heads",
      ],
      [{ keys: [["gpt2.expert_count", { uint32: 8 }]] }, "no variant of gpt2 with other results is read"],
      [
        { keys: [["gpt2.vocab_size", { uint32: 8 }]] },
        "gpt2.vocab_size: 8, but token_embd.weight has 320 rows",
      ],
      [{ keys: [tokens] }, "has 2 tokens, but a token embedding of 320 rows"],
      [
        { keys: [["tokenizer.ggml.model", { string: "llama" }]] },
        'tokenizer.ggml.model: Invalid input: expected "gpt2"',
      ],
      [
        { keys: [["tokenizer.ggml.merges", { strings: ["a zz"] }]] },
        'model.merges.0: "a zz" is no pair of tokens',
      ],
      [{ keys: [["desde-cero.tokenizer", { string: "{" }]] }, "desde-cero.tokenizer is no JSON"],
      [
        { options: apertus.options, keys: [["xielu.alpha_p", { float32: 0.8 }]] },
        "xielu.alpha_p: its xIELU is not relu²",
      ],
      [
        { options: qwen3.options!, keys: [["qwen3.rope.scaling.type", { string: "yarn" }]] },
        "qwen3.rope.scaling.type: ",
      ],
      [
        { options: qwen3.options!, keys: [["qwen3.rope.dimension_count", { uint32: 8 }]] },
        "8, but heads have 16 columns",
      ],
      [{ tensors: (given) => given.slice(1) }, "lacks token_embd.weight"],
      [{ tensors: (given) => given.slice(0, -1) }, "lacks output_norm.bias"],
      [
        { tensors: (given) => [...given, { name: "rope_freqs.weight", shape: [4], type: "f32" }] },
        "has rope_freqs.weight",
      ],
      [{ tensors: (given) => [...given, given[0]] }, "token_embd.weight stands there twice"],
      [
        { tensors: only("output_norm.bias", { shape: [2 ** 40, 2 ** 40] }) },
        "it ends before output_norm.bias does",
      ],
      [
        { tensors: only("token_embd.weight", { shape: [0, 32] }) },
        "token_embd.weight is [0,32], which holds no number",
      ],
      [
        { tensors: only("output_norm.weight", { shape: [1, 1, 1, 1, 32] }) },
        "output_norm.weight has 5 dimensions",
      ],
      [
        { tensors: only("output_norm.weight", { shape: [31], type: "q8_0" }) },
        "rows of q8_0 are whole blocks of 32",
      ],
    ];
    for (const [change, says] of cases) {
      const path = await madeWith(folder, change);
      await assertRejects(() => readGguf(path), UserError, says);
      const { message } = await assertRejects(() => readGguf(path), UserError);
      assert(!message.includes("\n"), message);
    }
    await readGguf(await madeWith(folder, {})); // unchanged, it can be read
  }));

Deno.test("a file that is cut anywhere, or claims more than it can hold, is refused", () =>
  inFolder(async (folder) => {
    const path = await madeWith(folder, {});
    const bytes = await Deno.readFile(path);
    const refused = async (changed: Uint8Array, says: string) => {
      await Deno.writeFile(path, changed);
      await assertRejects(() => readGguf(path), UserError, says);
    };
    const lengths = [0, 3, 8, 23, 24, 25, 100, 1000, 5000, bytes.length - 5000];
    for (const length of lengths) await refused(bytes.subarray(0, length), `${path} is no whole GGUF file`);
    const claiming = (at: number, bits: number, value: number) => {
      const changed = bytes.slice();
      const view = new DataView(changed.buffer);
      if (bits === 32) view.setUint32(at, value, true);
      else view.setBigUint64(at, BigInt(value), true);
      return changed;
    };
    await refused(claiming(0, 32, 7), "it does not begin with GGUF");
    await refused(claiming(4, 32, 1), "version 1; versions 2 and 3 are read");
    await refused(claiming(4, 32, 3 * 2 ** 24), "it is big-endian");
    await refused(claiming(8, 64, 2 ** 50), `cannot hold the ${2 ** 50} tensors`);
    await refused(claiming(16, 64, 2 ** 50), `cannot hold the ${2 ** 50} keys`);
    await refused(claiming(24, 64, 2 ** 50), "it is cut off before its tensors"); // the first key's length
    await refused(claiming(24 + I64 + "general.architecture".length, 32, 99), "has values of type 99");
    const array = new TextDecoder("latin1").decode(bytes).indexOf("tokenizer.ggml.tokens") +
      "tokenizer.ggml.tokens".length;
    await refused(claiming(array + 8, 64, 2 ** 40), `tokenizer.ggml.tokens claims ${2 ** 40} entries`);
    await refused(
      claiming(array + 8, 64, 2 ** 22 + 1),
      `tokenizer.ggml.tokens claims ${2 ** 22 + 1} entries`,
    );
    const type = new TextDecoder("latin1").decode(bytes).indexOf("token_embd.weight") +
      "token_embd.weight".length + 20;
    await refused(
      claiming(type, 32, 12),
      "token_embd.weight has type 12 (Q4_K); F32, F16, BF16, Q8_0 and Q4_0 are read",
    );
    await refused(claiming(type + 4, 64, 16), "token_embd.weight does not begin at a multiple of 32 bytes");
    await refused(claiming(type + 4, 64, 2 ** 45), "it ends before token_embd.weight does");
    const nan = bytes.slice();
    new DataView(nan.buffer).setUint32(nan.length - 20_000, 0x7fc00000, true);
    await refused(nan, "holds a number that is not finite");
    await assertRejects(() => readGguf(join(folder, "none.gguf")), UserError, "does not exist");
  }));

/** A vocabulary from elsewhere: the keys of a file of ours, without our own key. */
async function foreign(folder: string, pre: string, special: readonly string[]) {
  const path = join(folder, `${pre}.gguf`);
  const config = modelConfig({ vocab: tokenizer.size, context: 8, layers: 1, heads: 2, width: 32 });
  await writeGguf(path, randomCheckpoint(config, tokenizer), options("f32"));
  using file = await GgufReader.open(path);
  const keys = new Map(file.keys);
  keys.delete("desde-cero.tokenizer");
  keys.set("tokenizer.ggml.pre", pre);
  const tokens = [...keys.get("tokenizer.ggml.tokens") as string[]];
  special.forEach((token, id) => tokens[id] = token);
  keys.set("tokenizer.ggml.tokens", tokens);
  return { keys, path, rows: config.vocab };
}

Deno.test("vocabularies from elsewhere cut text as their pre-tokenizer does", () =>
  inFolder(async (folder) => {
    const { vocabularyFrom } = await import("./vocabulary.ts");
    const markers = ["<|pad|>", "<|begin|>", "<|end|>", "<|x|>", "<|y|>"];
    const text = "It's 1234\n\n  el GATO";
    const piecesOf: Record<string, string[]> = {
      "gpt-2": ["It", "'s", " 1234", "\n\n ", " el", " GATO"],
      smollm: ["It", "'s", " ", "1", "2", "3", "4", "\n\n ", " el", " GATO"],
      qwen2: ["It", "'s", " ", "1", "2", "3", "4", "\n\n", " ", " el", " GATO"],
      "llama-bpe": ["It", "'s", " ", "123", "4", "\n\n", " ", " el", " GATO"],
    };
    for (const [pre, pieces] of Object.entries(piecesOf)) {
      const { keys, path, rows } = await foreign(folder, pre, markers);
      const read = vocabularyFrom(keys, path, rows);
      assertEquals([...read.encode(text)], pieces.flatMap((piece) => [...read.encode(piece)]), pre);
      assertEquals([read.special.pad, read.special.bos, read.special.eos], [0, 1, 2]);
      // <instr> and <resp> come after its own tokens, and no text spells a marker.
      assertEquals([read.special.instr, read.special.resp, read.size], [rows, rows + 1, rows + 2]);
      assert(!read.encode("<|x|>").includes(3));
    }
    const { keys, path, rows } = await foreign(folder, "superbpe", markers);
    try {
      vocabularyFrom(keys, path, rows);
      throw new Error("it was read");
    } catch (error) {
      assert(
        error instanceof UserError && error.message.includes('"superbpe" is none of gpt-2, smollm'),
        String(error),
      );
    }
  }));

Deno.test("a character vocabulary of the right size is refused before its weights are looked at", async () => {
  const config = modelConfig({ vocab: charTokenizer("a").size, context: 8, layers: 1, heads: 2, width: 32 });
  const write = () =>
    writeGguf("/nowhere/m.gguf", randomCheckpoint(config, charTokenizer("a")), options("f32"));
  await assertRejects(write, UserError, "its vocabulary is of the kind char");
});
