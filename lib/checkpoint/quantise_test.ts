import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { type BlockKind, dequantise, quantise } from "../device/blocks.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { UserError } from "../errors.ts";
import { Classifier, type HeadConfig } from "../model/classifier.ts";
import type { ModelConfig } from "../model/config.ts";
import { Decoder, parameterSpecs, type Tokens } from "../model/decoder.ts";
import { relativeError } from "../ops/conformance.ts";
import { scope } from "../tensor/tensor.ts";
import { charTokenizer } from "../text/testing.ts";
import { openClassifier } from "../train/labels.ts";
import { averageCheckpoints } from "./average.ts";
import { readBackbone } from "./backbone.ts";
import { blockShape, rowsOfBlocks } from "./block_tensors.ts";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { huggingFaceFiles, readHuggingFace } from "./huggingface.ts";
import { openDecoder } from "./open_model.ts";
import { quantiseCheckpoint, TARGETS } from "./quantise.ts";
import { encodeSafetensors, readSafetensors, SafetensorsReader } from "./safetensors.ts";
import { MODELS, promptOf, valuesOf } from "./testing.ts";
import { inTemporaryFolder } from "../testing.ts";

const device = await CpuDevice.open({ threads: 1 });
const TOKENIZER = charTokenizer("la luna");
const KINDS = { q8: "q8_0", q4: "q4_0" } as const;

/** A model of each family whose matrices are wide enough for blocks. */
const wide = (config: ModelConfig): ModelConfig => ({ ...config, width: 64, hidden: 96, headWidth: 16 });

async function save(folder: string, config: ModelConfig): Promise<string> {
  const model = new Decoder(device, config);
  model.load(valuesOf);
  await saveCheckpoint(folder, model, TOKENIZER, {
    ...{ stage: "pretrain", format: "chat", step: 7, seed: 1, finished: true },
    ...{ validation: null, best: null },
  });
  return folder;
}

/** Tokens of a prompt: enough rows that products with blocks are computed in float32; fewer would use integers. */
const ROWS = 16;

/** The logits of a pass over a whole prompt, and of one that reads it token by token. */
async function logitsOf(model: Decoder): Promise<{ all: Float32Array; last: Float32Array }> {
  const { config, parameters: { device } } = model, ids = promptOf(config, ROWS);
  const all = await scope(() => device.read(model.logits({ ids, batch: 1, time: ROWS }).buffer));
  const cache = model.cache(1);
  let last = new Float32Array();
  for (const id of ids) {
    const one: Tokens = { ids: Uint32Array.of(id), batch: 1, time: 1 };
    last = (await scope(() => device.read(model.logits(one, cache, [0]).buffer))).slice();
  }
  model.releaseCache(cache);
  return { all, last };
}

/** A parameter's numbers after quantising and dequantising them. */
function throughBlocks(spec: Parameters<typeof valuesOf>[0], kind: BlockKind): Float32Array {
  const values = valuesOf(spec);
  if (spec.role === "vector" || blockShape(spec).width % 32 !== 0) return values;
  const rows = dequantise(quantise(rowsOfBlocks(spec, values), kind, { scales: "searched" }), kind);
  return rowsOfBlocks(spec, rows, true);
}

for (const [name, small] of Object.entries(MODELS)) {
  for (const to of TARGETS) {
    Deno.test(`${name}: the ${to} copy of a checkpoint computes with its dequantised numbers`, () =>
      inTemporaryFolder(async (folder) => {
        const config = wide(small);
        await save(join(folder, "model"), config);
        const { left } = await quantiseCheckpoint(join(folder, "model"), to, join(folder, "copy"));
        assertEquals(left, []);
        const read = await readCheckpoint(join(folder, "copy"));
        assertEquals({ ...read.config, dropout: 0 }, { ...config, dropout: 0 });
        const plain = new Decoder(device, config);
        plain.load((spec) => throughBlocks(spec, KINDS[to]));
        for (const spec of parameterSpecs(config)) {
          assertEquals(read.values(spec), throughBlocks(spec, KINDS[to]), spec.name);
        }
        const matrices = parameterSpecs(config).filter(({ role }) => role !== "vector");
        assertEquals([...read.quantised!.keys()].sort(), matrices.map(({ name }) => name).sort());
        const [expected, actual] = [await logitsOf(plain), await logitsOf(openDecoder(device, read))];
        assertLess(relativeError(actual.all, expected.all), 1e-4);
        assertLess(relativeError(actual.last, expected.last), 1e-3);
        const last = actual.all.subarray(-config.vocab);
        assertLess(relativeError(actual.last, last), 1e-3, "decoding and prefill agree");
      }));
  }
}

for (const { name: on, device } of await testDevices()) {
  Deno.test(`${on}: whole quantised models compute what the oracle computes with their numbers`, () =>
    inTemporaryFolder(async (folder) => {
      for (const name of ["gpt2", "qwen3"] as const) {
        const config = wide(MODELS[name]);
        await save(join(folder, name), config);
        for (const to of TARGETS) {
          await quantiseCheckpoint(join(folder, name), to, join(folder, `${name}-${to}`));
          const plain = new Decoder(new OracleDevice(), config);
          plain.load((spec) => throughBlocks(spec, KINDS[to]));
          const model = openDecoder(device, await readCheckpoint(join(folder, `${name}-${to}`)));
          const [expected, actual] = [await logitsOf(plain), await logitsOf(model)];
          assertLess(relativeError(actual.all, expected.all), 1e-4, `${name} in ${to}`);
          assertLess(relativeError(actual.last, expected.last), 1e-3, `${name} in ${to}, token by token`);
          model.release();
        }
      }
    }));
}

Deno.test("a quantised checkpoint takes so many times less, keeps what it says of itself, and names its source", () =>
  inTemporaryFolder(async (folder) => {
    const source = await save(join(folder, "model"), { ...wide(MODELS.gpt2), width: 128, hidden: 512 });
    const sizes: number[] = [];
    for (const to of TARGETS) {
      const out = join(folder, to);
      const { before, after, info } = await quantiseCheckpoint(source, to, out);
      sizes.push(before / after);
      const { format, step, seed, parameters, quantised, files } = info;
      assertEquals([format, step, seed, quantised?.folder, quantised?.to], ["chat", 7, 1, source, to]);
      assertEquals(quantised?.files, {
        "model.safetensors": (await readCheckpoint(source)).info.files["model.safetensors"],
      });
      assertEquals(parameters, before / 4);
      assertEquals(info, (await readCheckpoint(out)).info);
      const stored = (await Deno.stat(join(out, "model.safetensors"))).size;
      assert(stored > after && stored < after + 8192, `${stored} bytes for ${after}`);
      assert("config.json" in files);
    }
    assert(sizes[0] > 3.6 && sizes[1] > 6.5, `${sizes}`);
  }));

Deno.test("matrices whose rows are no multiple of 32 numbers stay in float32, beside those that are quantised", () =>
  inTemporaryFolder(async (folder) => {
    const config = { ...wide(MODELS["gpt2, untied and without biases"]), hidden: 90 };
    const source = await save(join(folder, "model"), config);
    const { left } = await quantiseCheckpoint(source, "q8", join(folder, "copy"));
    assertEquals(left, ["blocks.0.mlp.down.weight", "blocks.1.mlp.down.weight"]);
    const read = await readCheckpoint(join(folder, "copy"));
    const plain = new Decoder(device, config);
    plain.load((spec) => throughBlocks(spec, "q8_0"));
    const [expected, actual] = [await logitsOf(plain), await logitsOf(openDecoder(device, read))];
    assertLess(relativeError(actual.all, expected.all), 1e-4);
    assertLess(relativeError(actual.last, expected.last), 1e-3);
  }));

Deno.test("the quantised copy of a classifier scores as it does", () =>
  inTemporaryFolder(async (folder) => {
    const config = wide(MODELS.gpt2);
    const head: HeadConfig = { labels: ["sí", "no", "quizá"], pooling: "mean", norm: true, dropout: 0.1 };
    const classifier = new Classifier(device, config, head, TOKENIZER.special.pad);
    classifier.initialize(3, valuesOf);
    await saveCheckpoint(
      join(folder, "model"),
      { config, head, parameters: classifier.parameters },
      TOKENIZER,
      {
        ...{ stage: "finetune-classify", format: "labels", step: 1, seed: 1, finished: true },
        ...{ validation: null, best: null },
      },
    );
    await quantiseCheckpoint(join(folder, "model"), "q8", join(folder, "copy"));
    const tokens: Tokens = { ids: promptOf(config, 14), batch: 2, time: 7 };
    const scores = (of: Classifier) => scope(() => device.read(of.scores(of.features(tokens)).buffer));
    const copy = await openClassifier(device, join(folder, "copy"));
    assert(copy.classifier.parameters.get("blocks.0.mlp.up.weight").blocks === "q8_0");
    assertEquals(copy.classifier.head, head);
    assertLess(relativeError(await scores(copy.classifier), await scores(classifier)), 0.05);
  }));

Deno.test("a quantised checkpoint is not trained, averaged or quantised again, and one that is too narrow not at all", () =>
  inTemporaryFolder(async (folder) => {
    const source = await save(join(folder, "model"), wide(MODELS.gpt2)), copy = join(folder, "copy");
    await quantiseCheckpoint(source, "q4", copy);
    const refusals: [() => Promise<unknown>, string][] = [
      [
        () => readBackbone(copy, "none"),
        "cannot be learned from or trained further but by an adapter; give the model that it",
      ],
      [() => averageCheckpoints([source, copy], [0.5, 0.5], join(folder, "x")), "cannot be averaged"],
      [
        () => quantiseCheckpoint(copy, "q8", join(folder, "x")),
        "is quantised to q4, and cannot be quantised again",
      ],
    ];
    await save(join(folder, "narrow"), { ...MODELS.gpt2, hidden: 40 });
    const narrow = () => quantiseCheckpoint(join(folder, "narrow"), "q8", join(folder, "x"));
    refusals.push([narrow, "no matrix whose rows are a multiple of 32 numbers (its width is 24)"]);
    for (const [attempt, why] of refusals) {
      const { message } = await assertRejects(attempt, UserError, why);
      assert(!message.includes("\n"));
    }
    // Without checkpoint.json it counts as a model from elsewhere.
    await Deno.remove(join(copy, "checkpoint.json"));
    await assertRejects(
      () => readBackbone(copy, "none"),
      UserError,
      "is quantised, and cannot be learned from",
    );
  }));

Deno.test("weights too large for a float16 scale are told by name", () =>
  inTemporaryFolder(async (folder) => {
    const config = wide(MODELS.gpt2), model = new Decoder(device, config);
    model.load((spec) => valuesOf(spec).fill(spec.name === "blocks.1.mlp.up.weight" ? 1e8 : 0.1));
    await saveCheckpoint(join(folder, "model"), model, TOKENIZER, {
      ...{ stage: "pretrain", format: "chat", step: 7, seed: 1, finished: true },
      ...{ validation: null, best: null },
    });
    const attempt = () => quantiseCheckpoint(join(folder, "model"), "q8", join(folder, "copy"));
    await assertRejects(attempt, UserError, "blocks.1.mlp.up.weight: 100000000 is too large");
  }));

/** A quantised folder with changed byte tensors. */
async function damaged(
  folder: string,
  change: (tensors: Map<string, { shape: readonly number[]; data: Uint8Array<ArrayBuffer> }>) => void,
  config: Record<string, unknown> = {},
): Promise<string> {
  const path = join(folder, "model.safetensors");
  const { tensors } = await readSafetensors(path);
  const bytes = new Map<string, { shape: readonly number[]; data: Uint8Array<ArrayBuffer> }>();
  {
    using file = await SafetensorsReader.open(path);
    for (const [name, { shape }] of file.bytes) bytes.set(name, { shape, data: await file.readBytes(name) });
  }
  change(bytes);
  const all = [
    ...[...tensors].filter(([name]) => !bytes.has(name)),
    ...[...bytes].map(([name, tensor]) => [name, { dtype: "uint8", ...tensor }] as const),
  ];
  await Deno.writeFile(path, new Uint8Array(await new Blob(encodeSafetensors(all)).arrayBuffer()));
  const json = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...json, ...config }));
  return folder;
}

const Q = "model.layers.0.self_attn.q_proj.weight", K = "model.layers.0.self_attn.k_proj.weight";

Deno.test("a quantised folder that was altered is refused in one line that names the tensor", () =>
  inTemporaryFolder(async (folder) => {
    const source = await save(join(folder, "model"), wide(MODELS.llama));
    const damages: [Parameters<typeof damaged>[1], string, Record<string, unknown>?][] = [
      [(all) => all.delete(Q), `lacks ${Q}`],
      [
        (all) => all.set(Q, { shape: [64, 67], data: all.get(Q)!.data.slice(64) }),
        `${Q} is [64,67] in bytes, and should be [64,68] in q8_0 or [64,36] in q4_0`,
      ],
      [
        (all) => all.set(K, { shape: [64, 36], data: all.get(K)!.data.slice(0, 64 * 36) }),
        `${K} is [64,36] in bytes, and should be [64,68] in q8_0`,
      ],
      [(all) => all.get(K)!.data[35] = 0x7c, `${K} has a scale that is not finite`],
      [
        (all) => all.set("model.norm.weight", { shape: [64], data: new Uint8Array(64) }),
        "model.norm.weight is [64] in bytes, and should be no quantised matrix",
      ],
      [() => {}, "quantization_config", { quantization_config: { quant_method: "gptq", bits: 4 } }],
      [() => {}, "lacks model.embed_tokens.weight", { quantization_config: null }],
    ];
    for (const [i, [change, why, config]] of damages.entries()) {
      const copy = join(folder, `copy-${i}`);
      await quantiseCheckpoint(source, "q8", copy);
      await damaged(copy, change, config);
      const { message } = await assertRejects(() => readHuggingFace(copy), UserError, why);
      assert(!message.includes("\n"));
    }
  }));

Deno.test("quantised matrices may lie in several files", () =>
  inTemporaryFolder(async (folder) => {
    const source = await save(join(folder, "model"), wide(MODELS.qwen3));
    await quantiseCheckpoint(source, "q4", join(folder, "copy"));
    const { config, values, quantised } = await readCheckpoint(join(folder, "copy"));
    const specs = parameterSpecs(config);
    const others = new Map(specs.filter(({ name }) => !quantised!.has(name)).map((s) => [s.name, values(s)]));
    const files = huggingFaceFiles({ config, specs, values: others, quantised: quantised! }, "float32", 4000);
    assert(Object.keys(files).length > 5);
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(join(folder, "split"), { recursive: true });
      const bytes = typeof content === "string" ? content : await new Blob([...content]).arrayBuffer();
      const path = join(folder, "split", name);
      if (typeof bytes === "string") await Deno.writeTextFile(path, bytes);
      else await Deno.writeFile(path, new Uint8Array(bytes));
    }
    const read = await readHuggingFace(join(folder, "split"));
    assertEquals(read.quantised, quantised);
    for (const spec of specs) assertEquals(read.values(spec), values(spec));
  }));
