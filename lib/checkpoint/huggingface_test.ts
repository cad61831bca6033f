import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { type Content, writeFileAtomic } from "../files.ts";
import { relativeError } from "../ops/conformance.ts";
import { headSpecs } from "../model/classifier.ts";
import { type ModelConfig, modelConfig } from "../model/config.ts";
import { LLAMA_OPTIONS } from "../model/families/llama.ts";
import { qwen3 } from "../model/families/qwen3.ts";
import { initialValues, parameterSpecs } from "../model/decoder.ts";
import { huggingFaceFiles, readConfig, readHuggingFace } from "./huggingface.ts";

const source = new URL("../train/testdata/parity/gpt2-odd/", import.meta.url).pathname;
const config = JSON.parse(await Deno.readTextFile(`${source}config.json`));

/** Reads a folder with some keys of its config.json changed. */
async function readWith(changes: Record<string, unknown>): ReturnType<typeof readHuggingFace> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(`${source}model.safetensors`, join(folder, "model.safetensors"));
    await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));
    return await readHuggingFace(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a GPT-2 config as transformers writes it, with every default, is read", async () => {
  const { head } = await readWith({
    ...{
      add_cross_attention: false,
      is_encoder_decoder: false,
      is_decoder: false,
      pruned_heads: {},
      use_cache: true,
    },
    ...{ scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false, reorder_and_upcast_attn: true },
    ...{
      n_inner: null,
      problem_type: null,
      classifier_dropout: null,
      initializer_range: 0.02,
      torch_dtype: "bfloat16",
    },
    ...{
      summary_type: "cls_index",
      summary_use_proj: true,
      summary_activation: null,
      summary_first_dropout: 0.1,
    },
    ...{
      bos_token_id: 50256,
      eos_token_id: 50256,
      id2label: { 0: "LABEL_0" },
      task_specific_params: { a: {} },
    },
  });
  assertEquals(head, null);
});

const refused: [key: string, value: unknown][] = [
  ["model_type", "gpt_neo"],
  ["scale_attn_weights", false],
  ["scale_attn_by_inverse_layer_idx", true],
  ["add_cross_attention", true],
  ["is_encoder_decoder", true],
  ["pruned_heads", { 0: [1] }],
  ["quantization_config", { bits: 4 }],
  ["auto_map", { AutoModel: "modeling.Model" }],
  ["activation_function", "relu"],
  ["activation_function", "gelu"],
  ["activation_function", null],
  ["layer_norm_epsilon", 0],
  ["tie_word_embeddings", "yes"],
  ["resid_pdrop", -0.1],
  ["embd_pdrop", 1],
  ["attn_pdrop", 1.5],
  ["classifier_dropout", -1],
  ["problem_type", "regression"],
  ["n_layer", 2.5],
  ["n_head", 0],
  ["n_head", 5],
  ["n_inner", -1],
  ["bias", 1],
];
for (const [key, value] of refused) {
  Deno.test(`a config.json with ${key}: ${JSON.stringify(value)} is refused by that key`, async () => {
    await assertRejects(() => readWith({ [key]: value }), UserError, `config.json: ${key}: `);
  });
}

Deno.test("a config.json that promises other sizes than the weights have is refused before they are used", async () => {
  const huge = 1e12;
  await assertRejects(() => readWith({ vocab_size: huge }), UserError, `it should be [${huge},36]`);
  await assertRejects(() => readWith({ n_positions: huge }), UserError, `it should be [${huge},36]`);
  await assertRejects(
    () => readWith({ n_layer: huge }),
    UserError,
    "lacks transformer.h.3.ln_1.weight",
  );
  await assertRejects(() => readWith({ n_inner: huge }), UserError, `it should be [36,${huge}]`);
  await assertRejects(
    () =>
      readWith({ tie_word_embeddings: false }).then(({ values }) =>
        values({ name: "lm_head.weight", shape: [53, 36] } as never)
      ),
    UserError,
    "lacks lm_head.weight",
  );
});

const sizes = { vocab: 23, context: 8, layers: 2, heads: 4, width: 20 };
const models: [modelType: string, ModelConfig][] = [
  ["gpt2", modelConfig({ ...sizes, bias: false, tied: false, hidden: 30, normEpsilon: 1e-6 })],
  ["llama", modelConfig({ ...sizes, ...LLAMA_OPTIONS, headWidth: 6, kvHeads: 2, bias: true })],
  ["qwen3", modelConfig({ ...sizes, ...qwen3.options, headWidth: 6, ropeTheta: 1e6 })],
  ["desde-cero", modelConfig({ ...sizes, position: "alibi", mlp: "relu2", dropout: 0.1 })],
  ["desde-cero", modelConfig({ ...sizes, ...LLAMA_OPTIONS, position: "none", softcap: 30, qkNorm: true })],
  ["desde-cero", modelConfig({ ...sizes, kvHeads: 1, mlp: "swiglu" })],
];
for (const [modelType, config] of models) {
  const { position, norm, mlp } = config;
  const name = `${modelType} (${position}, ${norm}, ${mlp})`;
  const specs = parameterSpecs(config);
  const values = new Map(specs.map((spec) => [spec.name, initialValues(spec, 7)]));

  Deno.test(`a folder of ${name} reads back as it was written, in one file or several`, async () => {
    for (const largest of [Infinity, 2000]) {
      const files = huggingFaceFiles({ config, specs, values }, "float32", largest);
      assertEquals("model.safetensors.index.json" in files, largest === 2000);
      assertEquals(JSON.parse(files["config.json"] as string).model_type, modelType);
      const read = await readFiles(files);
      assertEquals({ ...read.config, zeroInit: false }, config);
      for (const spec of specs) assertEquals(read.values(spec), values.get(spec.name));
    }
  });

  Deno.test(`a folder of ${name} in bfloat16 keeps two decimal digits`, async () => {
    const read = await readFiles(huggingFaceFiles({ config, specs, values }, "bfloat16"));
    for (const spec of specs) assertLess(relativeError(read.values(spec), values.get(spec.name)!), 2 ** -8);
  });
}

Deno.test("an index that names a file outside of its folder, or one that is not there, is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(`${source}config.json`, join(folder, "config.json"));
    for (
      const [name, why] of [["../model.safetensors", "is not in this folder"], [
        "gone",
        "gone does not exist",
      ]]
    ) {
      const index = JSON.stringify({ weight_map: { "wte.weight": name } });
      await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), index);
      await assertRejects(() => readHuggingFace(folder), UserError, why);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a config.json alone is read, and what is wrong with it told", async () => {
  const small = new URL("../../models/small/", import.meta.url).pathname;
  assertEquals((await readConfig(`${small}instruct/best`)).width, 192);
  await assertRejects(() => readConfig("no/such"), UserError, "no/such/config.json does not exist");
  const folder = await Deno.makeTempDir();
  for (
    const [text, says] of [
      ...[["{", "is no JSON;"], ["null", "is no JSON object"], ["[]", "is no JSON object"]],
      ...[["{}", "model_type: missing is none of"], ['{"model_type": "gpt2"}', "vocab_size: "]],
    ]
  ) {
    await Deno.writeTextFile(join(folder, "config.json"), text);
    await assertRejects(() => readConfig(folder), UserError, says);
  }
  await Deno.remove(folder, { recursive: true });
});

/** Writes a folder with these files, and reads it back. */
async function readFiles(files: Record<string, Content>): ReturnType<typeof readHuggingFace> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [file, content] of Object.entries(files)) await writeFileAtomic(join(folder, file), content);
    return await readHuggingFace(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const head = { labels: ["uno", "dos", "tres"], pooling: "last", norm: false, dropout: 0 } as const;

Deno.test("a classifier's folder says that it is ours, so that nobody leaves out its bias", async () => {
  for (const options of [{}, { ...LLAMA_OPTIONS, tied: true, headWidth: 6 }]) {
    const config = modelConfig({ ...sizes, ...options });
    const specs = [...parameterSpecs(config), ...headSpecs(config, head)];
    const values = new Map(specs.map((spec) => [spec.name, initialValues({ ...spec, deviation: 1 }, 7)]));
    const files = huggingFaceFiles({ config, head, specs, values });
    const json = JSON.parse(files["config.json"] as string);
    assertEquals(json.model_type, "desde-cero");
    assertEquals(json.architectures, ["DesdeCeroForSequenceClassification"]);
    const read = await readFiles(files);
    assertEquals([read.config, read.head], [config, head]);
    for (const spec of specs) assertEquals(read.values(spec), values.get(spec.name));
  }
});

Deno.test("a classifier of theirs, which has neither a bias nor another head, is read", async () => {
  for (const options of [{}, { ...LLAMA_OPTIONS, tied: true, headWidth: 6 }]) {
    const config = modelConfig({ ...sizes, ...options });
    const score = headSpecs(config, head);
    const specs = [...parameterSpecs(config), score[0]];
    const values = new Map(specs.map((spec) => [spec.name, initialValues(spec, 7)]));
    const files = huggingFaceFiles({ config, specs, values });
    const id2label = Object.fromEntries(head.labels.map((label, id) => [id, label]));
    const json = { ...JSON.parse(files["config.json"] as string), id2label, tie_word_embeddings: false };
    const read = await readFiles({ ...files, "config.json": JSON.stringify(json) });
    assertEquals(read.head, head);
    for (const spec of specs) assertEquals(read.values(spec), values.get(spec.name));
    assertEquals(read.values(score[1]), new Float32Array(3));
  }
});
