/** Where a model looks: the attention weights that its fused kernel never writes down. */
import { scope } from "../tensor/tensor.ts";
import type { GPT } from "./gpt.ts";

/**
 * Softmax(q·kᵀ/√D) of every layer and head, for one sequence, computed from the queries and keys of a pass.
 * @returns per layer, (H, T, T) row by row: how much each position looks at each one up to itself
 */
export async function attentionWeights(model: GPT, ids: Uint32Array): Promise<Float32Array[]> {
  const { heads, width } = model.config;
  const { device } = model.parameters;
  const passes: Promise<Float32Array>[] = [];
  scope(() =>
    model.observing(
      (_, qkv) => passes.push(device.read(qkv.buffer)),
      () => model.hidden({ ids, batch: 1, time: ids.length }),
    )
  );
  const depth = width / heads, time = ids.length;
  return (await Promise.all(passes)).map((qkv) => {
    const weights = new Float32Array(heads * time * time);
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < time; t++) {
        const row = weights.subarray((h * time + t) * time, (h * time + t + 1) * time);
        let top = -Infinity, sum = 0;
        for (let s = 0; s <= t; s++) {
          let score = 0;
          for (let d = h * depth; d < (h + 1) * depth; d++) {
            score += qkv[t * 3 * width + d] * qkv[s * 3 * width + width + d];
          }
          row[s] = score / Math.sqrt(depth);
          top = Math.max(top, row[s]);
        }
        for (let s = 0; s <= t; s++) sum += row[s] = Math.exp(row[s] - top);
        for (let s = 0; s <= t; s++) row[s] /= sum;
      }
    }
    return weights;
  });
}
