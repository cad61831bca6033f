/** Hugging Face's Qwen3: Llama with QK-norm (arXiv:2505.09388). */
import { llamaFamily } from "./llama.ts";

export const qwen3 = llamaFamily({ name: "qwen3", architecture: "Qwen3", biases: false });
