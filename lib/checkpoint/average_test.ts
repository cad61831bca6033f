import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { exists, hashFile } from "../files.ts";
import { modelConfig, type ModelOptions } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { charTokenizer } from "../text/testing.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { averageCheckpoints } from "./average.ts";
import { type CheckpointInfo, readCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { huggingFaceFiles } from "./huggingface.ts";
import { type Precision, readSafetensors } from "./safetensors.ts";

const device = await CpuDevice.open({ threads: 1 });
const INFO = {
  ...{ stage: "pretrain", format: "text" as const, step: 7, seed: 1, finished: true },
  ...{ validation: null, best: null },
};
const TOKENIZER = charTokenizer("la luna");
const SHAPE = { layers: 1, heads: 2, width: 8, context: 8, vocab: TOKENIZER.size };

interface Saved {
  readonly options?: Partial<ModelOptions>;
  readonly tokenizer?: Tokenizer;
  readonly info?: Partial<CheckpointInfo>;
  readonly precision?: Precision;
}

/** Saves a random model. */
async function save(
  folder: string,
  seed: number,
  { options, tokenizer = TOKENIZER, info, precision }: Saved = {},
) {
  const model = new Decoder(device, modelConfig({ ...SHAPE, ...options }));
  model.initialize(seed);
  await saveCheckpoint(folder, model, tokenizer, { ...INFO, ...info }, { precision });
  return folder;
}

/** Runs a test in a temporary folder. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await test(folder);
  await Deno.remove(folder, { recursive: true });
}

const weightsOf = async (folder: string) =>
  (await readSafetensors(join(folder, "model.safetensors"))).tensors;

for (
  const [precisions, expected] of [
    [["float32", "float32", "float32"], "float32"],
    [["float16", "float16", "float16"], "float16"],
    [["bfloat16", "bfloat16", "bfloat16"], "bfloat16"],
    [["float32", "float16", "bfloat16"], "float32"],
  ] as const
) {
  Deno.test(`the average of checkpoints in ${precisions.join(", ")} is that of their numbers, in ${expected}`, () =>
    inFolder(async (folder) => {
      // A matrix with more numbers than are read at a time.
      const options = { hidden: 140_000 };
      const folders = await Promise.all(
        precisions.map((precision, i) =>
          save(join(folder, `${i}`), i, { options, precision, info: { step: i } })
        ),
      );
      const out = join(folder, "average"), shares = [0.5, 0.2, 0.3];
      const { info, precision } = await averageCheckpoints(folders, shares, out);
      assertEquals(precision, expected);
      const all = await Promise.all(folders.map(weightsOf)), result = await weightsOf(out);
      assertEquals([...result.keys()], [...all[0].keys()]);
      assert([...result.values()].some(({ data }) => data.length > 1 << 20));
      const round = (x: number) => {
        if (expected === "float16") return Math.f16round(Math.fround(x));
        if (expected === "float32") return Math.fround(x);
        const bits = new Uint32Array(Float32Array.of(x).buffer);
        bits[0] = bits[0] + 0x7fff + (bits[0] >>> 16 & 1) & 0xffff0000;
        return new Float32Array(bits.buffer)[0];
      };
      for (const [name, { data, dtype, shape }] of result) {
        assertEquals([dtype, shape], [expected, all[0].get(name)!.shape]);
        const parts = all.map((weights) => weights.get(name)!.data);
        const unequal = data.findIndex((x, i) =>
          x !== round(parts.reduce((sum, p, k) => sum + shares[k] * p[i], 0))
        );
        assertEquals(unequal, -1, name);
      }
      // It can be read like any other checkpoint.
      const checkpoint = await readCheckpoint(out);
      assertEquals(checkpoint.info, info);
      assertEquals(checkpoint.tokenizer.toJson(), TOKENIZER.toJson());
      new Decoder(device, checkpoint.config).load(checkpoint.values);
      assertEquals(JSON.parse(await Deno.readTextFile(join(out, "config.json"))).torch_dtype, expected);
      assertEquals([info.stage, info.format, info.step], ["average", "text", 2]);
      assertEquals(info.average?.map(({ folder, share, step }) => [folder, share, step]), [
        ...folders.map((folder, i) => [folder, shares[i], i]),
      ]);
      const hash = await hashFile(join(folders[1], "model.safetensors"));
      assertEquals(info.average?.[1].files, { "model.safetensors": hash });
    }));
}

Deno.test("checkpoints in several files are averaged, however their tensors are spread over these", () =>
  inFolder(async (folder) => {
    const whole = await save(join(folder, "whole"), 1), split = await save(join(folder, "split"), 2);
    const { values, config } = await readCheckpoint(split);
    const { specs } = new Decoder(device, config).parameters;
    const named = new Map(specs.map((spec) => [spec.name, values(spec)]));
    const files = huggingFaceFiles({ config, specs, values: named }, "float32", 1000);
    const info = JSON.parse(await Deno.readTextFile(join(split, "checkpoint.json")));
    await Deno.remove(join(split, "model.safetensors"));
    delete info.files["model.safetensors"];
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeFile(
        join(split, name),
        new Uint8Array(await new Blob([content].flat() as BlobPart[]).arrayBuffer()),
      );
      info.files[name] = await hashFile(join(split, name));
    }
    await Deno.writeTextFile(join(split, "checkpoint.json"), JSON.stringify(info));
    assert(Object.keys(info.files).length > 6);

    const [a, b] = [join(folder, "a"), join(folder, "b")];
    await averageCheckpoints([whole, split], [0.25, 0.75], a);
    await averageCheckpoints([split, whole], [0.75, 0.25], b);
    assert(await exists(join(b, "model.safetensors.index.json")));
    const [one, other] = await Promise.all([a, b].map(async (out) => (await readCheckpoint(out)).values));
    for (const spec of specs) assertEquals(one(spec), other(spec), spec.name);
  }));

/** The entry of checkpoint.json on a classifier's texts. */
const origin = (seed: number) => ({
  origin: {
    ...{ task: "t", data: "a.csv", text: "text", label: "label", seed, hashes: {} },
    split: { validation: 0.2, test: 0.2 },
  },
});

const unlike: [what: string, other: Saved, says: string][] = [
  ["an MLP of another size", { options: { hidden: 40 } }, "they differ in hidden 32 → 40"],
  ["another vocabulary", { tokenizer: charTokenizer("la lupa") }, "their vocabularies differ"],
  ["another format", { info: { format: "chat" } }, "they differ in format, text → chat"],
  [
    "texts split otherwise",
    { info: origin(2) },
    "their texts were split otherwise",
  ],
];

for (const [what, other, says] of unlike) {
  Deno.test(`a checkpoint with ${what} is not averaged, and nothing is written`, () =>
    inFolder(async (folder) => {
      const info = says.startsWith("their texts") ? origin(1) : {};
      const folders = [await save(join(folder, "a"), 1, { info }), await save(join(folder, "b"), 2, other)];
      const out = join(folder, "out");
      await assertRejects(
        () => averageCheckpoints(folders, [0.5, 0.5], out),
        UserError,
        `cannot be averaged: ${says}`,
      );
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["a", "b"]);
    }));
}

Deno.test("a damaged checkpoint is not averaged, and what was there stays", () =>
  inFolder(async (folder) => {
    const folders = await Promise.all([1, 2].map((seed) => save(join(folder, `${seed}`), seed)));
    const out = join(folder, "out");
    await averageCheckpoints(folders, [0.5, 0.5], out);
    const before = await hashFile(join(out, "checkpoint.json"));
    const path = join(folders[1], "model.safetensors");
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 3] ^= 1;
    await Deno.writeFile(path, bytes);
    await assertRejects(
      () => averageCheckpoints(folders, [0.5, 0.5], out),
      UserError,
      "model.safetensors is truncated or was altered",
    );
    assertEquals(await hashFile(join(out, "checkpoint.json")), before);
  }));
