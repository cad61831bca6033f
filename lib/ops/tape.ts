/**
 * Reverse-mode differentiation: every op records a closure with its backward pass, and `differentiate` calls these
 * in reverse order. Activations are freed as soon as they are no longer needed.
 */
import { empty, Parameter, release, retain, scope, Tensor, upload } from "../tensor/tensor.ts";
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { halved } from "./halve.ts";
import wgsl from "../../kernels/add.wgsl" with { type: "text" };

/** out = a + b. It is here because the tape sums the gradients of a tensor that is used twice. */
export const addKernel = kernel({
  name: "add",
  params: { n: "u32" },
  bindings: ["real in", "real in", "real out"],
  wgsl,
  cpu: elementwise("add"),
  workgroups: ({ n }) => linearGroups(n),
  reference([a, b, out], { n }) {
    for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
  },
});

export function sum(a: Tensor, b: Tensor): Tensor {
  const out = empty(a.device, a.shape, a.dtype);
  a.device.dispatch(addKernel, [a.buffer, b.buffer, out.buffer], { n: a.size });
  return out;
}

interface Node {
  readonly output: Tensor;
  readonly inputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  /**
   * Turns the output's gradient into one gradient per input; null if there is none, or if it was already added to a
   * parameter's gradient.
   * @param before each input's gradient so far, if nothing else holds it: it may be added to in place and returned
   */
  backward(dy: Tensor, before: readonly (Tensor | undefined)[]): (Tensor | null)[];
}

let tape: Node[] | null = null;

/**
 * Called at the end of an op. `saved` lists the tensors that the backward pass reads; they are kept alive until then.
 * Nothing is recorded without an active tape, or if no input needs a gradient.
 */
export function record(node: Node): Tensor {
  if (tape && node.inputs.some((input) => input.needsGrad)) {
    node.output.needsGrad = true;
    node.saved.forEach(retain);
    tape.push(node);
  }
  return node.output;
}

/** Records out = a + b, however it was computed. */
export function recordAdd(out: Tensor, a: Tensor, b: Tensor): Tensor {
  return record({ output: out, inputs: [a, b], saved: [], backward: (dy) => [dy, dy] });
}

/**
 * Runs `fn`, then its ops' backward passes from the result on. Adds to the gradient of every parameter that has a
 * gradient view. Must be called inside a scope, which then owns the result.
 *
 * @param seed the gradient of the result; ones by default, as for a loss of one element
 * @param told.leaf called with the gradient of each tensor that no op made and whose `needsGrad` the caller set
 * @param told.complete called with each parameter as soon as its gradient is complete
 */
export function differentiate(
  fn: () => Tensor,
  seed?: Float32Array | Tensor,
  told: { leaf?: (leaf: Tensor, gradient: Tensor) => void; complete?: (parameter: Parameter) => void } = {},
): Tensor {
  if (tape) throw new Error("differentiate() does not nest");
  const nodes: Node[] = tape = [];
  let result: Tensor;
  try {
    result = fn();
  } finally {
    tape = null;
  }
  const uses = told.complete ? usesOf(nodes) : null;
  const grads = new Map<Tensor, Tensor>();
  const ones = seed ?? new Float32Array(result.size).fill(1);
  const start = ones instanceof Tensor ? ones : upload(result.device, result.shape, ones);
  grads.set(result, retain(result.dtype === "f16" ? halved(start) : start));
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    const { output, inputs, saved, backward } = node;
    const dy = grads.get(output);
    if (dy) {
      grads.delete(output);
      scope(() => {
        const alone = inputs.map((input) => grads.get(input)).map((g) => g?.refs === 1 ? g : undefined);
        backward(dy, alone).forEach((dx, i) => {
          const input = inputs[i];
          const inPlace = dx !== null && dx === alone[i];
          if (!dx || inPlace || !input.needsGrad) return;
          const before = grads.get(input);
          grads.set(input, retain(before ? sum(before, dx) : dx));
          if (before) release(before);
        });
      });
      release(dy);
    }
    saved.forEach(release);
    if (uses) { for (const parameter of usedUp(uses, inputs)) told.complete!(parameter); }
  }
  for (const [leaf, gradient] of grads) {
    told.leaf?.(leaf, gradient);
    release(gradient);
  }
  return result;
}

/** How many ops read each parameter. */
function usesOf(nodes: readonly Node[]): Map<Parameter, number> {
  const uses = new Map<Parameter, number>();
  for (const { inputs } of nodes) {
    for (const input of inputs) {
      if (input instanceof Parameter) uses.set(input, (uses.get(input) ?? 0) + 1);
    }
  }
  return uses;
}

/** The parameters among an op's inputs that no op still to come in the backward pass has read. */
function usedUp(uses: Map<Parameter, number>, inputs: readonly Tensor[]): Parameter[] {
  return inputs.filter((input): input is Parameter => {
    if (!(input instanceof Parameter)) return false;
    const left = uses.get(input)! - 1;
    uses.set(input, left);
    return left === 0;
  });
}
