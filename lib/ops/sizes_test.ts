import { assertEquals } from "@std/assert";
import attentionCached from "../../kernels/attention_cached.wgsl" with { type: "text" };
import attentionForward from "../../kernels/attention_forward.wgsl" with { type: "text" };
import crossEntropy from "../../kernels/cross_entropy_forward.wgsl" with { type: "text" };
import distillation from "../../kernels/distillation_forward.wgsl" with { type: "text" };
import softTargets from "../../kernels/soft_targets.wgsl" with { type: "text" };
import matmul from "../../kernels/matmul.wgsl" with { type: "text" };
import blocks from "../../kernels/matmul_blocks.wgsl" with { type: "text" };
import { LARGE_TILE, TILE } from "./linear.ts";

/** The value of a constant in a source text. */
const constant = (text: string, name: string) =>
  Number(new RegExp(`^const ${name}(?:: f32)? = ([-.e\\d]+)u?;`, "m").exec(text)?.[1]);

Deno.test("numbers that stand in shaders and in what plans them are the same", async () => {
  assertEquals([constant(matmul, "TILE"), constant(blocks, "TILE")], [TILE, LARGE_TILE]);
  const cpu = await Deno.readTextFile(new URL("../../kernels/cpu/assembly/attention.ts", import.meta.url));
  const texts = [attentionCached, attentionForward, crossEntropy, distillation, softTargets, cpu];
  for (const text of texts) assertEquals(constant(text, "LOWEST"), -3.4e38);
});
