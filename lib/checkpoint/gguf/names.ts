/**
 * llama.cpp's names and layouts for the weights of the families in families.ts. Its names are in
 * gguf-py/gguf/constants.py, its layouts in convert_hf_to_gguf.py:
 * https://github.com/ggml-org/llama.cpp
 */
import type { ModelConfig } from "../../model/config.ts";
import type { Piece } from "../../model/families/family.ts";
import { apertus, type GgufFamily, isGpt2 } from "./families.ts";

/** One tensor of a GGUF file. Matrices are (out, in). */
export interface GgufPiece extends Piece {
  /**
   * Number of heads whose rows are reordered, 0 for none: our RoPE pairs column i of a head with column i + D/2, and
   * RoPE for Llama's GGUF pairs it with its neighbour.
   */
  readonly paired: number;
  /** What to write if the model has no such tensor but llama.cpp needs one. */
  readonly absent?: "zeros";
}

const NAMES: Record<string, string> = {
  "transformer.wte": "token_embd",
  "transformer.wpe": "position_embd",
  "transformer.ln_f": "output_norm",
  "ln_1": "attn_norm",
  "attn.c_attn": "attn_qkv",
  "attn.c_proj": "attn_output",
  "ln_2": "ffn_norm",
  "mlp.c_fc": "ffn_up",
  "mlp.c_proj": "ffn_down",

  "model.embed_tokens": "token_embd",
  "model.norm": "output_norm",
  "lm_head": "output",
  "input_layernorm": "attn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.q_norm": "attn_q_norm",
  "self_attn.k_norm": "attn_k_norm",
  "self_attn.o_proj": "attn_output",
  "post_attention_layernorm": "ffn_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

/** `transformer.h.3.attn.c_attn.weight` to `blk.3.attn_qkv.weight`. */
function nameOf(theirs: string): string {
  const [, layer, name, kind] = /^(?:(?:transformer\.h|model\.layers)\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(
    theirs,
  )!;
  return `${layer === undefined ? "" : `blk.${layer}.`}${NAMES[name]}.${kind}`;
}

/** Yields the tensors of a model one by one, so that a reader can stop at the first missing one. */
export function* ggufPieces(family: GgufFamily, config: ModelConfig): Iterable<GgufPiece> {
  // llama.cpp's GPT-2 requires all biases.
  const lacksBiases = isGpt2(family) && !config.bias;
  for (const piece of family.pieces(config)) {
    const theirs = nameOf(piece.theirs);
    const heads = /attn_q\./.test(theirs) ? config.heads : /attn_k\./.test(theirs) ? config.kvHeads : 0;
    // GPT-2's matrices are (in, out) in Hugging Face's files.
    const turned = isGpt2(family) && /\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(theirs);
    yield {
      ...piece,
      theirs,
      transposed: turned || (piece.transposed ?? false),
      paired: family.modelType === "llama" ? heads : 0,
    };
    if (lacksBiases && !/embd|^output\./.test(theirs)) {
      yield { theirs: theirs.replace(/weight$/, "bias"), ours: piece.ours, paired: 0, absent: "zeros" };
    }
  }
  // llama.cpp's Apertus never ties the head to the embedding.
  if (family === apertus && config.tied) {
    yield { theirs: "output.weight", ours: "embed.tokens.weight", paired: 0 };
  }
}

/**
 * Moves row i of each head's first half to row 2i, and row i of its second half to 2i + 1; or back.
 * @param data (heads · D, columns), or a vector of heads · D; of rows in blocks, `columns` is their bytes
 */
export function pairRows<T extends Float32Array | Uint8Array>(
  data: T,
  heads: number,
  columns: number,
  direction: "there" | "back",
): T {
  const width = data.length / columns / heads, half = width / 2;
  const moved = data.slice() as T;
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < width; i++) {
      const plain = (head * width + i) * columns;
      const paired = (head * width + (i < half ? 2 * i : 2 * (i - half) + 1)) * columns;
      const [from, to] = direction === "there" ? [plain, paired] : [paired, plain];
      moved.set(data.subarray(from, from + columns), to);
    }
  }
  return moved;
}
