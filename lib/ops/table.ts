/** Every kernel, by name, for `doctor`, the conformance suite and the benchmarks. */
import type { Kernel } from "../device/device.ts";
import { activateGelu, activateRelu2, multiplyKernel } from "./activation.ts";
import { adamwKernel } from "./adamw.ts";
import { attentionBackward, attentionForward } from "./attention.ts";
import { attentionCached, cacheAppend } from "./attention_cached.ts";
import { averageKernel, swapKernel } from "./average.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross_entropy.ts";
import { distillationBackward, distillationForward, softTargetsKernel } from "./distillation.ts";
import { dropoutKernel } from "./dropout.ts";
import { embeddingBackward, embeddingForward } from "./embedding.ts";
import { fillKernel } from "./fill.ts";
import { swigluBackward, swigluForward } from "./mlp.ts";
import { addNormForward, normBackward, normForward, normGradient } from "./norm.ts";
import { headsBackward, headsForward, headsGradient } from "./heads.ts";
import { halveKernel } from "./halve.ts";
import { linearGradient, matmulGelu, matmulNN, matmulNT, matmulRelu2, matmulSlope } from "./linear.ts";
import { columnsKernel, muonApply, muonMomentum, newtonSchulzKernel, normaliseKernel } from "./muon.ts";
import { poolBackward, poolForward } from "./pool.ts";
import { softcapBackward, softcapForward } from "./softcap.ts";
import { embeddingQuantised, matmulQuantised } from "./quantised.ts";
import { sampleKernel } from "./sample.ts";
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
  matmulRelu2,
  matmulSlope,
  activateGelu,
  activateRelu2,
  multiplyKernel,
  swigluForward,
  swigluBackward,
  linearGradient,
  matmulQuantised,
  embeddingQuantised,
  headsForward,
  headsBackward,
  headsGradient,
  attentionForward,
  attentionBackward,
  cacheAppend,
  attentionCached,
  poolForward,
  poolBackward,
  softcapForward,
  softcapBackward,
  crossEntropyForward,
  crossEntropyBackward,
  softTargetsKernel,
  distillationForward,
  distillationBackward,
  sampleKernel,
  sumKernel,
  sumSquares,
  updateScaling,
  adamwKernel,
  muonMomentum,
  columnsKernel,
  normaliseKernel,
  newtonSchulzKernel,
  muonApply,
  averageKernel,
  swapKernel,
] as unknown as readonly Kernel[];
