/** Tiny models of the families that GGUF has, for the tests here and those with llama.cpp. */
import { GPT2_OPTIONS, type ModelConfig, modelConfig } from "../../model/config.ts";
import { initialValues, parameterSpecs } from "../../model/decoder.ts";
import { LLAMA_OPTIONS } from "../../model/families/llama.ts";
import { qwen3 } from "../../model/families/qwen3.ts";
import { normals } from "../../tensor/random.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { apertus } from "./families.ts";
import type { Checkpoint } from "../checkpoint.ts";

/** Configs of each family, with and without its options: biases, an untied head, fewer key-value heads, wider heads. */
export function ggufConfigs(vocab: number): Record<string, ModelConfig> {
  const sizes = { vocab, context: 64, layers: 2, heads: 4, width: 64 };
  return {
    gpt2: modelConfig({ ...sizes, ...GPT2_OPTIONS }),
    "gpt2 without biases": modelConfig({ ...sizes, ...GPT2_OPTIONS, hidden: 96, bias: false, tied: false }),
    llama: modelConfig({ ...sizes, ...LLAMA_OPTIONS, kvHeads: 2, hidden: 160 }),
    "llama with biases": modelConfig({
      ...{ ...sizes, ...LLAMA_OPTIONS, kvHeads: 2, headWidth: 32, hidden: 96, bias: true, tied: true },
      ropeTheta: 5000,
    }),
    qwen3: modelConfig({ ...sizes, ...qwen3.options!, kvHeads: 1, headWidth: 32, hidden: 160 }),
    "relu² with QK-norm": modelConfig({ ...sizes, ...apertus.options, tied: true }),
  };
}

/** A random model as a checkpoint. No two of its tensors, and no two of its vectors' numbers, are the same. */
export function randomCheckpoint(
  config: ModelConfig,
  tokenizer: Tokenizer,
  format: "chat" | "text" = "text",
): Checkpoint {
  const specs = parameterSpecs(config);
  const values = new Map(specs.map((spec, i) => {
    const start = initialValues(spec, 7);
    const noise = normals(100 + i, start.length, spec.fill === undefined ? 0.1 : 0.05);
    return [spec.name, start.map((x, k) => x + noise[k])];
  }));
  const parameters = [...values.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    ...{ config, tokenizer, head: null, values: ({ name }) => values.get(name)! },
    info: {
      ...{ stage: "pretrain", format, step: 1, seed: 7, finished: true, validation: null, best: null },
      ...{ parameters, files: {} },
    },
  };
}
