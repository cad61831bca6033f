/**
 * Replays a recorded PyTorch training run and measures how far we are from it. A case is a folder with
 * `config.json`, `model.safetensors`, `final.safetensors` and `expected.json` (ids, targets, losses,
 * gradient norms and first logits, computed in float64).
 */
import { join } from "@std/path";
import { z } from "zod";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import { Decoder } from "../model/decoder.ts";
import { familyOf } from "../model/families/table.ts";
import { readHuggingFace, theirWeights } from "../checkpoint/huggingface.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { differentiate } from "../ops/tape.ts";
import { scope } from "../tensor/tensor.ts";
import { Optimizer } from "./optimizer.ts";

const numbers = z.array(z.number());

const Expected = z.object({
  optimizer: z.object({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    clip_grad_norm: z.number(),
    /** Set if Muon updated the matrices of blocks. */
    muon: z.unknown().optional(),
  }),
  shape: z.object({ steps: z.number(), batch: z.number(), context: z.number() }),
  ids: numbers,
  targets: numbers,
  loss: numbers,
  grad_norm_before_clip: numbers,
  first_logits_row0: numbers,
});

/**
 * Errors that a correct float32 implementation stays below. The bias of the keys has a bound of its own: it shifts all
 * scores of a query by the same amount, so its exact gradient is zero, and AdamW divides one rounding error by another.
 * There PyTorch in float32 ends up to 4e-3 away from its own float64 run, and 3e-6 everywhere else.
 */
export const TOLERANCES = { logits: 1e-4, loss: 1e-4, norm: 1e-3, weights: 1e-3, keyBias: 5e-2 } as const;

/** The largest errors: logits, norms and weights relative, losses absolute. */
export type ParityErrors = Record<keyof typeof TOLERANCES, number>;

export async function replay(folder: string, device: Device): Promise<ParityErrors> {
  const path = join(folder, "expected.json");
  const text = await Deno.readTextFile(path).catch(() => {
    throw new UserError(
      `${path} does not exist; a parity folder holds config.json, model.safetensors, ` +
        `final.safetensors and expected.json`,
    );
  });
  const parsed = Expected.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new UserError(
      `${path}: ${parsed.error.issues[0].path.join(".")}: ${parsed.error.issues[0].message}`,
    );
  }
  const expected = parsed.data;
  const { batch, context: time } = expected.shape;
  const { config, values: start } = await readHuggingFace(folder);
  const model = new Decoder(device, config);
  model.load(start);
  const { lr, betas: [beta1, beta2], eps, weight_decay, clip_grad_norm } = expected.optimizer;
  const optimizer = new Optimizer(model.parameters, {
    algorithm: expected.optimizer.muon ? "muon" : "adamw",
    beta1,
    beta2,
    epsilon: eps,
    weightDecay: weight_decay,
    clip: clip_grad_norm,
  });
  const errors: ParityErrors = { logits: 0, loss: 0, norm: 0, weights: 0, keyBias: 0 };
  const worst = (key: keyof ParityErrors, error: number) => {
    if (!(error <= errors[key])) errors[key] = error; // a NaN stays
  };
  const of = (all: number[], step: number) => all.slice(step * batch * time, (step + 1) * batch * time);
  const tokens = (step: number) => ({ ids: Uint32Array.from(of(expected.ids, step)), batch, time });

  const first = await scope(() => device.read(model.logits(tokens(0)).buffer));
  const row = first.subarray((time - 1) * config.vocab, time * config.vocab);
  worst("logits", distance(row, expected.first_logits_row0));

  for (let step = 0; step < expected.shape.steps; step++) {
    const targets = Uint32Array.from(of(expected.targets, step), (t) => t < 0 ? IGNORED : t);
    const [loss, squared] = await Promise.all(scope(() => {
      optimizer.zeroGradients();
      const loss = differentiate(() => model.loss(tokens(step), targets));
      const norm = optimizer.step(step + 1, lr);
      return [device.read(loss.buffer), device.read(norm.buffer)];
    }));
    worst("loss", Math.abs(loss[0] - expected.loss[step]));
    worst("norm", Math.abs(Math.sqrt(squared[0]) / expected.grad_norm_before_clip[step] - 1));
  }

  const final = await readSafetensors(join(folder, "final.safetensors"));
  const { specs, weights } = model.parameters;
  const values = model.parameters.split(await device.read(weights.buffer));
  const all = theirWeights(familyOf(config).family, { config, specs, values }, "float32");
  for (const [name, { data }] of final.tensors) {
    const ours = all.get(name)!.data;
    const [from, to] = name.endsWith("c_attn.bias")
      ? [config.width, 2 * config.width]
      : name.endsWith("k_proj.bias")
      ? [0, data.length]
      : [0, 0];
    const rest = (x: Float32Array) => x.filter((_, i) => i < from || i >= to);
    if (to < data.length) worst("weights", distance(rest(ours), rest(data)));
    if (to > 0) worst("keyBias", distance(ours.subarray(from, to), data.subarray(from, to)));
  }
  return errors;
}

/** ‖a - b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0, norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
