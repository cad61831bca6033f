import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { type AdapterOptions, TARGETS } from "../model/adapter.ts";
import { Classifier, type HeadConfig } from "../model/classifier.ts";
import type { ModelConfig } from "../model/config.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { relativeError } from "../ops/conformance.ts";
import { scope } from "../tensor/tensor.ts";
import { charTokenizer } from "../text/testing.ts";
import { openClassifier } from "../train/labels.ts";
import { baseOf, withAdapter } from "./adapted.ts";
import { averageCheckpoints } from "./average.ts";
import { checkpointFiles, findCheckpoint, readBackbone } from "./backbone.ts";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { mergeAdapter } from "./merge.ts";
import { openDecoder } from "./open_model.ts";
import { readPeft } from "./peft.ts";
import { quantiseCheckpoint } from "./quantise.ts";
import { encodeSafetensors, readSafetensors } from "./safetensors.ts";
import { MODELS, promptOf, valuesOf } from "./testing.ts";
import { inTemporaryFolder } from "../testing.ts";

const device = await CpuDevice.open({ threads: 1 });
const TOKENIZER = charTokenizer("la luna");
const OPTIONS: AdapterOptions = { rank: 4, alpha: 6, dropout: 0.1, targets: TARGETS };
const INFO: Parameters<typeof saveCheckpoint>[3] = {
  ...{ stage: "finetune-instruct", format: "chat", step: 7, seed: 1, finished: true },
  ...{ validation: null, best: null },
};

/** A model of each family whose matrices are wide enough for blocks. */
const wide = (config: ModelConfig): ModelConfig => ({ ...config, width: 64, hidden: 96, headWidth: 16 });

async function saveBase(folder: string, config: ModelConfig): Promise<string> {
  const model = new Decoder(device, config);
  model.load(valuesOf);
  await saveCheckpoint(folder, model, TOKENIZER, { ...INFO, stage: "pretrain", format: "text" });
  return folder;
}

/** Saves an adapter whose two matrices both differ from their start. */
async function saveAdapter(folder: string, base: string, options = OPTIONS): Promise<Decoder> {
  const loaded = withAdapter(await readBackbone(base, "none", true), options, 1, "adapter");
  const model = openDecoder(device, loaded);
  const known = new Set(parameterSpecs(model.config).map(({ name }) => name));
  model.load((spec) => known.has(spec.name) ? loaded.unmerged!.base.values(spec) : valuesOf(spec));
  const adapter = { options, base: await baseOf(base) };
  await saveCheckpoint(folder, model, TOKENIZER, INFO, { adapter });
  return model;
}

/** Enough rows that products with blocks are computed in float32. */
const ROWS = 16;
const logitsOf = (model: Decoder) => {
  const ids = promptOf(model.config, ROWS);
  return scope(() => device.read(model.logits({ ids, batch: 1, time: ROWS }).buffer));
};

for (const [name, config] of Object.entries(MODELS)) {
  Deno.test(`an adapter is read beside its base as it was, and both together compute the same: ${name}`, () =>
    inTemporaryFolder(async (folder) => {
      const base = await saveBase(join(folder, "base"), wide(config));
      const bases = [base];
      for (const to of ["q8", "q4"] as const) {
        await quantiseCheckpoint(base, to, join(folder, to));
        bases.push(join(folder, to));
      }
      for (const base of bases) {
        const adapter = join(folder, "run/best");
        const expected = await logitsOf(await saveAdapter(adapter, base));
        const checkpoint = await readCheckpoint(await findCheckpoint(join(folder, "run")));
        assertEquals(checkpoint.unmerged!.adapter.options, OPTIONS);
        assertEquals(await logitsOf(openDecoder(device, checkpoint)), expected);
        await mergeAdapter(adapter, join(folder, "merged"));
        const merged = await readCheckpoint(join(folder, "merged"));
        assertEquals([merged.info.adapter, merged.unmerged, merged.info.format], [
          undefined,
          undefined,
          "chat",
        ]);
        assertLess(relativeError(await logitsOf(openDecoder(device, merged)), expected), 1e-5);
        // Code that does not know adapters reads the merged values.
        const plain = new Decoder(device, checkpoint.config);
        plain.load(checkpoint.values);
        assertLess(relativeError(await logitsOf(plain), expected), 1e-5);
        const bare = await logitsOf(openDecoder(device, checkpoint.unmerged!.base));
        assert(relativeError(bare, expected) > 0.01);
      }
    }));
}

Deno.test("an adapter's files are PEFT's: its keys, its names, lora_A (rank, in) and lora_B (out, rank)", () =>
  inTemporaryFolder(async (folder) => {
    const shapes = async (config: ModelConfig, options: AdapterOptions) => {
      const base = await saveBase(join(folder, "base"), config), adapter = join(folder, "adapter");
      await saveAdapter(adapter, base, options);
      const json = JSON.parse(await Deno.readTextFile(join(adapter, "adapter_config.json")));
      const { tensors } = await readSafetensors(join(adapter, "adapter_model.safetensors"));
      assertEquals(json.base_model_name_or_path, base);
      const first = [...tensors].filter(([name]) => /\.0\./.test(name));
      return { json, tensors: Object.fromEntries(first.map(([name, { shape }]) => [name, shape])) };
    };
    const gpt2 = await shapes(MODELS.gpt2, OPTIONS);
    const h = "base_model.model.transformer.h.0";
    assertEquals(gpt2.tensors, {
      [`${h}.attn.c_attn.lora_A.weight`]: [4, 24],
      [`${h}.attn.c_attn.lora_B.weight`]: [72, 4],
      [`${h}.attn.c_proj.lora_A.weight`]: [4, 24],
      [`${h}.attn.c_proj.lora_B.weight`]: [24, 4],
      [`${h}.mlp.c_fc.lora_A.weight`]: [4, 24],
      [`${h}.mlp.c_fc.lora_B.weight`]: [96, 4],
      [`${h}.mlp.c_proj.lora_A.weight`]: [4, 96],
      [`${h}.mlp.c_proj.lora_B.weight`]: [24, 4],
    });
    const { peft_type, task_type, r, lora_alpha, lora_dropout, target_modules, fan_in_fan_out, bias } =
      gpt2.json;
    assertEquals([peft_type, task_type, r, lora_alpha, lora_dropout], ["LORA", "CAUSAL_LM", 4, 6, 0.1]);
    assertEquals([target_modules, fan_in_fan_out, bias], [["c_attn", "c_proj", "c_fc"], true, "none"]);
    // `c_proj` alone would match both the attention's layer and the MLP's.
    const down = await shapes(MODELS.gpt2, { ...OPTIONS, targets: ["mlp.down"] });
    assertEquals(down.json.target_modules, ["mlp.c_proj"]);

    const qwen = await shapes(MODELS.qwen3, { ...OPTIONS, targets: ["attention.qkv", "mlp.up"] });
    const layer = "base_model.model.model.layers.0";
    assertEquals(qwen.tensors, {
      [`${layer}.self_attn.q_proj.lora_A.weight`]: [4, 24],
      [`${layer}.self_attn.q_proj.lora_B.weight`]: [32, 4],
      [`${layer}.self_attn.k_proj.lora_A.weight`]: [4, 24],
      [`${layer}.self_attn.k_proj.lora_B.weight`]: [8, 4],
      [`${layer}.self_attn.v_proj.lora_A.weight`]: [4, 24],
      [`${layer}.self_attn.v_proj.lora_B.weight`]: [8, 4],
      [`${layer}.mlp.gate_proj.lora_A.weight`]: [4, 24],
      [`${layer}.mlp.gate_proj.lora_B.weight`]: [64, 4],
      [`${layer}.mlp.up_proj.lora_A.weight`]: [4, 24],
      [`${layer}.mlp.up_proj.lora_B.weight`]: [64, 4],
    });
    assertEquals(qwen.json.target_modules, ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"]);
    assertEquals(qwen.json.fan_in_fan_out, false);
  }));

Deno.test("an adapter that PEFT has made, with an A for each of queries and values, adds scale·B·A to their weights", () =>
  inTemporaryFolder(async (folder) => {
    const config = MODELS.llama, { width } = config;
    const base = await saveBase(join(folder, "base"), config), adapter = join(folder, "adapter");
    await saveAdapter(adapter, base);
    const matrix = (name: string, shape: number[]) => {
      return [name, {
        dtype: "float32",
        shape,
        data: valuesOf({ name, shape, role: "matrix", layer: 0, deviation: 1 }),
      }] as const;
    };
    const module = "base_model.model.model.layers.1.self_attn";
    const made = ["q_proj", "v_proj", "o_proj"].flatMap((name) => [
      matrix(`${module}.${name}.lora_A.weight`, [2, width]),
      matrix(`${module}.${name}.lora_B.weight`, [width, 2]),
    ]);
    await write(adapter, "adapter_model.safetensors", encodeSafetensors(made));
    const json = {
      peft_type: "LORA",
      r: 2,
      lora_alpha: 8,
      use_rslora: true,
      target_modules: ["q_proj", "v_proj", "o_proj"],
    };
    await write(adapter, "adapter_config.json", JSON.stringify(json));
    const { values, unmerged } = await readCheckpoint(adapter);
    const tensors = new Map(made);
    const layers: Record<string, (string | null)[]> = {
      "blocks.1.attention.qkv.weight": ["q_proj", null, "v_proj"],
      "blocks.1.attention.out.weight": ["o_proj"],
    };
    for (const spec of parameterSpecs(config)) {
      const [before, after] = [unmerged!.base.values(spec), values(spec)];
      const names = layers[spec.name];
      if (!names) assertEquals(after, before);
      else {
        after.forEach((w, i) => {
          const columns = names.length * width, row = Math.floor(i / columns), column = i % columns;
          const name = names[Math.floor(column / width)];
          let added = 0;
          for (let r = 0; name && r < 2; r++) {
            const [a, b] = ["A", "B"].map((which) =>
              tensors.get(`${module}.${name}.lora_${which}.weight`)!.data
            );
            added += 8 / Math.sqrt(2) * b[column % width * 2 + r] * a[r * width + row];
          }
          assertLess(Math.abs(w - before[i] - added), 1e-5);
        });
      }
    }
    const model = openDecoder(device, await readCheckpoint(adapter)), plain = new Decoder(device, config);
    plain.load(values);
    assertLess(relativeError(await logitsOf(model), await logitsOf(plain)), 1e-5);
    // Teaching it more saves it again.
    const saved = { options: unmerged!.adapter.options, base: await baseOf(base) };
    await saveCheckpoint(join(folder, "again"), model, TOKENIZER, INFO, { adapter: saved });
    const again = openDecoder(device, await readCheckpoint(join(folder, "again")));
    assertLess(relativeError(await logitsOf(again), await logitsOf(model)), 1e-6);
  }));

/** Writes a file of a checkpoint, and records its hash in checkpoint.json. */
async function write(
  folder: string,
  name: string,
  content: string | Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const path = join(folder, name);
  await Deno.writeFile(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : await new Blob(content).bytes(),
  );
  const info = JSON.parse(await Deno.readTextFile(join(folder, "checkpoint.json")));
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  info.files[name] = new Uint8Array(digest).toHex();
  await Deno.writeTextFile(join(folder, "checkpoint.json"), JSON.stringify(info));
}

Deno.test("a classifier's adapter brings its head, on a base that is quantised, too", () =>
  inTemporaryFolder(async (folder) => {
    const base = await saveBase(join(folder, "base"), wide(MODELS.qwen3)), quantised = join(folder, "q4");
    await quantiseCheckpoint(base, "q4", quantised);
    const head: HeadConfig = { labels: ["sí", "no", "quizá"], pooling: "mean", norm: true, dropout: 0.1 };
    for (const on of [base, quantised]) {
      const { config, unmerged } = withAdapter(await readBackbone(on, "none", true), OPTIONS, 1, "adapter");
      const { base: { values, quantised }, adapter: { shape } } = unmerged!;
      const model = new Classifier(device, config, head, TOKENIZER.special.pad, {
        quantised,
        adapter: shape,
      });
      const known = new Set(parameterSpecs(config).map(({ name }) => name));
      model.parameters.load((spec) => known.has(spec.name) ? values(spec) : valuesOf(spec));
      const saved = join(folder, "adapter"),
        info = { ...INFO, stage: "finetune-classify", format: "labels" as const };
      const adapter = { options: OPTIONS, base: await baseOf(on) };
      await saveCheckpoint(
        saved,
        { config: model.config, head, parameters: model.parameters },
        TOKENIZER,
        info,
        { adapter },
      );
      const json = JSON.parse(await Deno.readTextFile(join(saved, "adapter_config.json")));
      assertEquals([json.task_type, json.modules_to_save], ["SEQ_CLS", ["score", "score_norm"]]);

      const tokens = { ids: promptOf(config, 32), batch: 2, time: 16 };
      const scores = (of: Classifier) => scope(() => device.read(of.scores(of.features(tokens)).buffer));
      const expected = await scores(model);
      const opened = await openClassifier(device, saved);
      assertEquals([opened.classifier.head, opened.classifier.parameters.bytes], [
        head,
        model.parameters.bytes,
      ]);
      assertEquals(await scores(opened.classifier), expected);
      await mergeAdapter(saved, join(folder, "merged"));
      const merged = await openClassifier(device, join(folder, "merged"));
      assertEquals(merged.classifier.decoder.adapter, null);
      assertLess(relativeError(await scores(merged.classifier), expected), 1e-5);
    }
  }));

Deno.test("an adapter that does not fit is refused in a line", () =>
  inTemporaryFolder(async (folder) => {
    const base = await saveBase(join(folder, "base"), MODELS.qwen3), adapter = join(folder, "run/best");
    const refused = (promise: Promise<unknown>, text: string) =>
      assertRejects(() => promise, UserError, text);
    await refused(
      readBackbone(base, "none").then((model) =>
        withAdapter(model, { ...OPTIONS, rank: 25 }, 1, "finetune-instruct.adapter.")
      ),
      "finetune-instruct.adapter.rank: 25 is above the model's width, which is 24; lower it",
    );
    await saveAdapter(adapter, base);
    const files = await checkpointFiles(join(folder, "run"));
    assertEquals(files.map((path) => path.split("/").at(-1)).filter((name) => name?.startsWith("adapter")), [
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
    await refused(baseOf(adapter), "is an adapter, and another one cannot be put on it; merge it first");
    await refused(
      averageCheckpoints([adapter, base], [0.5, 0.5], join(folder, "x")),
      "is an adapter, and cannot be averaged",
    );
    await refused(mergeAdapter(base, join(folder, "x")), "is no adapter, so there is nothing to merge");

    // An adapter for a base of another size, one for another kind, and one for a base that was trained anew.
    for (const other of [{ ...MODELS.qwen3, hidden: 48 }, MODELS.gpt2]) {
      const where = await saveBase(join(folder, "other"), other);
      await refused(readPeft(adapter, other, where), "it is an adapter for another base");
    }
    const model = new Decoder(device, MODELS.qwen3);
    model.initialize(9);
    await saveCheckpoint(base, model, TOKENIZER, { ...INFO, stage: "pretrain" });
    await refused(readCheckpoint(adapter), "is an adapter for another base: ");
    await Deno.remove(base, { recursive: true });
    await refused(readCheckpoint(adapter), `is an adapter for ${base}, which is not there; restore that`);

    await saveBase(base, MODELS.qwen3);
    await readCheckpoint(adapter);
    const { tensors } = await readSafetensors(join(adapter, "adapter_model.safetensors"));
    const config = await Deno.readTextFile(join(adapter, "adapter_config.json"));
    const [half] = tensors.keys();
    const broken: [name: string, content: string | Uint8Array<ArrayBuffer>[], says: string][] = [
      ["adapter_config.json", "{", "adapter_config.json is no JSON; restore the adapter"],
      ["adapter_config.json", config.replace('"LORA"', '"IA3"'), "adapter_config.json: peft_type: "],
      ["adapter_config.json", config.replace('"use_dora": false', '"use_dora": true'), "use_dora: "],
      ["adapter_config.json", config.replace('"r": 4', '"r": 3'), "it should be [3,24]"],
      ["adapter_model.safetensors", encodeSafetensors([...tensors].slice(1)), "without its other half"],
      ["adapter_model.safetensors", encodeSafetensors([]), "has no matrices beside layers of"],
      [
        "adapter_model.safetensors",
        encodeSafetensors([...tensors, ["lm_head", tensors.get(half)!]]),
        "lm_head is beside no layer of",
      ],
    ];
    for (const [name, content, says] of broken) {
      await write(adapter, "adapter_config.json", config);
      await write(adapter, name, content);
      await refused(readCheckpoint(adapter), says);
    }
    await Deno.remove(join(adapter, "adapter_config.json"));
    await refused(findCheckpoint(adapter), "holds no model");
  }));
