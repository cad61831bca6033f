/** Every kernel, by name: what `doctor`, the conformance suite and the benchmarks walk. */
import type { Kernel } from "../device/device.ts";
import { adamwKernel } from "./adamw.ts";
import { attentionBackward, attentionForward } from "./attention.ts";
import { attentionCached, cacheAppend } from "./attention_cached.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross_entropy.ts";
import { dropoutKernel } from "./dropout.ts";
import { embeddingBackward, embeddingForward } from "./embedding.ts";
import { fillKernel } from "./fill.ts";
import { addNormForward, normBackward, normForward, normGradient } from "./norm.ts";
import { halveKernel } from "./halve.ts";
import { linearGradient, matmulGelu, matmulNN, matmulNT, matmulSlope } from "./linear.ts";
import { poolBackward, poolForward } from "./pool.ts";
import { sumKernel, sumSquares } from "./sum.ts";
import { addKernel } from "./tape.ts";
import { updateScaling } from "./update_scaling.ts";

export const kernels = [
  fillKernel,
  halveKernel,
  addKernel,
  dropoutKernel,
  embeddingForward,
  embeddingBackward,
  normForward,
  addNormForward,
  normBackward,
  normGradient,
  matmulNN,
  matmulNT,
  matmulGelu,
  matmulSlope,
  linearGradient,
  attentionForward,
  attentionBackward,
  cacheAppend,
  attentionCached,
  poolForward,
  poolBackward,
  crossEntropyForward,
  crossEntropyBackward,
  sumKernel,
  sumSquares,
  updateScaling,
  adamwKernel,
] as unknown as readonly Kernel[];
