/**
 * Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/): makes the momentum of a matrix's gradient
 * nearly orthogonal before the weights are updated, by Newton-Schulz iterations, which need only products. Same as
 * torch.optim.Muon with steps as large as AdamW's (adjust_lr_fn = "match_rms_adamw"; Liu et al., arXiv:2502.16982).
 */
import { byRows, type Device, elementwise, kernel, linearGroups } from "../device/device.ts";
import { empty, scope, type Tensor } from "../tensor/tensor.ts";
import { linearGradient, matmulNN, matmulNT } from "./linear.ts";
import { squaredNorm } from "./sum.ts";
import { SCALING, scalingWgsl } from "./update_scaling.ts";
import applyWgsl from "../../kernels/muon_apply.wgsl" with { type: "text" };
import columnsWgsl from "../../kernels/columns.wgsl" with { type: "text" };
import momentumWgsl from "../../kernels/muon_momentum.wgsl" with { type: "text" };
import normaliseWgsl from "../../kernels/normalise.wgsl" with { type: "text" };
import polynomialWgsl from "../../kernels/newton_schulz.wgsl" with { type: "text" };

/** Constants of the iteration X ← (a·I + b·XXᵀ + c·(XXᵀ)²)·X, which brings singular values near 1. */
const NEWTON_SCHULZ = { a: 3.4445, b: -4.775, c: 2.0315, iterations: 5, epsilon: 1e-7 } as const;
/** β, the share of the old momentum that is kept. */
export const MOMENTUM = 0.95;
/** The root mean square of AdamW's updates, about; orthogonal updates are scaled to it. */
const ADAMW_SIZE = 0.2;

/** momentum ← β·momentum + (1-β)·g, and update = β·momentum + (1-β)·g (Nesterov), of the clipped gradient g. */
export const muonMomentum = kernel({
  name: "muon_momentum",
  params: { n: "u32", beta: "f32", clip: "f32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 inout", "f32 out"],
  wgsl: momentumWgsl + scalingWgsl,
  cpu: elementwise("muon_momentum"),
  workgroups: ({ n }) => linearGroups(n),
  reference([gradient, squaredNorm, scaling, momentum, update], { n, beta, clip }) {
    const gradientScale = scaling[SCALING.current];
    const norm = Math.sqrt(squaredNorm[0]) / gradientScale;
    if (!(norm < 3e38)) return;
    const scale = (clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1) / gradientScale;
    for (let i = 0; i < n; i++) {
      const g = (1 - beta) * gradient[i] * scale;
      momentum[i] = beta * momentum[i] + g;
      update[i] = beta * momentum[i] + g;
    }
  },
});

/** Copies `width` columns of x (rows, stride), from column `at` on, to out (rows, width). */
export const columnsKernel = kernel({
  name: "columns",
  params: { rows: "u32", width: "u32", stride: "u32", at: "u32" },
  bindings: ["f32 in", "f32 out"],
  wgsl: columnsWgsl,
  cpu: byRows("columns"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([x, out], { rows, width, stride, at }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) out[r * width + c] = x[r * stride + at + c];
    }
  },
});

/** x ← x / (‖x‖ + ε) */
export const normaliseKernel = kernel({
  name: "normalise",
  params: { n: "u32", epsilon: "f32" },
  bindings: ["f32 in", "f32 inout"],
  wgsl: normaliseWgsl,
  cpu: elementwise("normalise"),
  workgroups: ({ n }) => linearGroups(n),
  reference([squaredNorm, x], { n, epsilon }) {
    const scale = 1 / (Math.sqrt(squaredNorm[0]) + epsilon);
    for (let i = 0; i < n; i++) x[i] *= scale;
  },
});

/** y ← a·I + b·x + c·y, for square matrices of `width` rows. */
export const newtonSchulzKernel = kernel({
  name: "newton_schulz",
  params: { n: "u32", width: "u32", a: "f32", b: "f32", c: "f32" },
  bindings: ["f32 in", "f32 inout"],
  wgsl: polynomialWgsl,
  cpu: elementwise("newton_schulz"),
  workgroups: ({ n }) => linearGroups(n),
  reference([x, y], { n, width, a, b, c }) {
    for (let i = 0; i < n; i++) y[i] = b * x[i] + c * y[i] + (i % (width + 1) === 0 ? a : 0);
  },
});

/** weight ← (1 - decay)·weight - rate·update in some columns; does nothing if the gradients' norm is not finite. */
export const muonApply = kernel({
  name: "muon_apply",
  params: { rows: "u32", width: "u32", stride: "u32", at: "u32", rate: "f32", decay: "f32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 inout"],
  wgsl: applyWgsl + scalingWgsl,
  cpu: byRows("muon_apply"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([update, squaredNorm, scaling, weight], { rows, width, stride, at, rate, decay }) {
    if (!(Math.sqrt(squaredNorm[0]) / scaling[SCALING.current] < 3e38)) return;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) {
        const i = r * stride + at + c;
        weight[i] -= rate * update[r * width + c] + decay * weight[i];
      }
    }
  },
});

/** c (m, n) = a·b, aᵀ·b or a·bᵀ; the sums run over k. */
function product(
  kind: "nn" | "tn" | "nt",
  a: Tensor,
  b: Tensor,
  { m, n, k }: { m: number; n: number; k: number },
) {
  const { device } = a;
  const c = empty(device, [m, n]), noBias = empty(device, [1]);
  const buffers = [a, b, noBias, c].map(({ buffer }) => buffer);
  const sizes = { m, n, k, has_bias: 0, accumulate: 0 };
  if (kind === "tn") device.dispatch(linearGradient, buffers, sizes);
  else device.dispatch(kind === "nn" ? matmulNN : matmulNT, buffers, sizes);
  return c;
}

/** A matrix (rows, width) with nearly the singular vectors of x, and singular values near 1. */
export function orthogonalised(x: Tensor): Tensor {
  const { device, rows, width } = x;
  const { a, b, c, iterations, epsilon } = NEWTON_SCHULZ;
  device.dispatch(normaliseKernel, [squaredNorm(x).buffer, x.buffer], { n: x.size, epsilon });
  // Uses the smaller of XXᵀ and XᵀX. An inner scope frees the intermediate tensors.
  const wide = rows <= width;
  const side = Math.min(rows, width), long = Math.max(rows, width);
  const square = { m: side, n: side, k: side }, sizes = { m: rows, n: width, k: side };
  for (let i = 0; i < iterations; i++) {
    x = scope(() => {
      const gram = product(wide ? "nt" : "tn", x, x, { m: side, n: side, k: long });
      const polynomial = product("nn", gram, gram, square);
      const options = { n: side * side, width: side, a, b, c };
      device.dispatch(newtonSchulzKernel, [gram.buffer, polynomial.buffer], options);
      return wide ? product("nn", polynomial, x, sizes) : product("nn", x, polynomial, sizes);
    });
  }
  return x;
}

export interface MuonStep {
  readonly lr: number;
  readonly decay: number;
  readonly clip: number;
  /** The squared norm of all gradients, and their scaling (update_scaling.ts). */
  readonly norm: Tensor;
  readonly scaling: Tensor;
}

/**
 * One update of a matrix (in, out). Must be called inside a scope.
 * @param parts widths of the matrices that lie in it side by side; each is orthogonalised on its own
 * @param tensors the weight, its gradient and its momentum
 */
export function muonStep(
  device: Device,
  parts: readonly number[],
  { weight, gradient, momentum }: Record<"weight" | "gradient" | "momentum", Tensor>,
  { lr, decay, clip, norm, scaling }: MuonStep,
): void {
  const update = empty(device, weight.shape);
  device.dispatch(
    muonMomentum,
    [gradient, norm, scaling, momentum, update].map(({ buffer }) => buffer),
    { n: weight.size, beta: MOMENTUM, clip },
  );
  const rows = weight.shape[0], stride = weight.shape[1];
  let at = 0;
  for (const width of parts) {
    scope(() => {
      let part = update;
      if (width < stride) {
        part = empty(device, [rows, width]);
        device.dispatch(columnsKernel, [update.buffer, part.buffer], { rows, width, stride, at });
      }
      const direction = orthogonalised(part);
      const rate = lr * ADAMW_SIZE * Math.sqrt(Math.max(rows, width));
      device.dispatch(
        muonApply,
        [direction, norm, scaling, weight].map(({ buffer }) => buffer),
        { rows, width, stride, at, rate, decay: lr * decay },
      );
    });
    at += width;
  }
}
