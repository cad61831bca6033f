import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { readHuggingFace } from "./huggingface.ts";

const source = new URL("../train/testdata/parity/gpt2-odd/", import.meta.url).pathname;
const config = JSON.parse(await Deno.readTextFile(`${source}config.json`));

/** Reads a folder with those keys of its config.json changed. */
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
  ["layer_norm_epsilon", 1e-6],
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
    `lacks transformer.h.${huge - 1}.mlp.c_fc.weight`,
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
