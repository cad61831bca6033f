/** Hugging Face's Qwen3: Llama with QK-norm (arXiv:2505.09388). */
import { LLAMA_OPTIONS, llamaFamily } from "./llama.ts";

export const qwen3 = llamaFamily({
  modelType: "qwen3",
  architecture: "Qwen3",
  options: { ...LLAMA_OPTIONS, normEpsilon: 1e-6, qkNorm: true, tied: true },
  biases: false,
});
