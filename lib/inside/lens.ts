/**
 * The logit lens (nostalgebraist, 2020): what a model would say if it stopped after each layer. The residual stream
 * of every layer goes through the last norm and the head, which learned to read that of the last layer alone.
 */
import { letOthersIn } from "../event_loop.ts";
import { type Candidate, candidates, checkFinite } from "../generate/sample.ts";
import type { Decoder, Observer } from "../model/decoder.ts";
import { scope, upload } from "../tensor/tensor.ts";

/** Positions of one pass of the head: their logits are in memory together. */
const PASS = 64;

/** What the model would say at one position after one layer. */
export interface LensCell {
  /** The most probable tokens. */
  readonly top: readonly Candidate[];
  /** The token that the last layer finds most probable there, with its log-probability here. */
  readonly answer: Candidate;
}

export interface Lens {
  /** By depth, then by position: 0 is the embedding, L what leaves the last layer, which is the model's own answer. */
  readonly cells: readonly (readonly LensCell[])[];
  /** By position: the depth from which on the answer stays the most probable token. */
  readonly appears: readonly number[];
}

/**
 * @param top how many of the most probable tokens to tell of each cell, at least 1
 * @throws {UserError} if the logits are not finite
 */
export async function logitLens(model: Decoder, ids: Uint32Array, top: number): Promise<Lens> {
  const { device } = model.parameters;
  const reads: Promise<Float32Array>[] = [];
  const look: Observer = (place, _, value) => {
    if (place === "residual") reads.push(device.read(value.buffer));
  };
  scope(() => model.observing(look, () => model.hidden({ ids, batch: 1, time: ids.length })));
  const residuals = await Promise.all(reads);
  const cells: LensCell[][] = [];
  // From the last layer, whose answers the others are asked for.
  for (const residual of residuals.toReversed()) {
    cells.unshift(await readCells(model, residual, top, cells.at(-1)));
  }
  const appears = Array.from(ids, (_, t) => {
    const differs = cells.findLastIndex((row) => row[t].top[0].id !== row[t].answer.id);
    return differs + 1;
  });
  return { cells, appears };
}

/**
 * @param residual (T, C)
 * @param last the cells of the last layer; undefined if this is it
 */
async function readCells(
  model: Decoder,
  residual: Float32Array,
  top: number,
  last: readonly LensCell[] | undefined,
): Promise<LensCell[]> {
  const { device } = model.parameters;
  const { width, vocab } = model.config;
  const cells: LensCell[] = [];
  for (let from = 0; from < residual.length; from += PASS * width) {
    const rows = residual.slice(from, from + PASS * width);
    const logits = await scope(() => {
      return device.read(model.readOut(upload(device, [rows.length / width, width], rows)).buffer);
    });
    checkFinite(logits);
    for (let at = 0; at < logits.length; at += vocab) {
      const row = logits.subarray(at, at + vocab);
      const answer = last?.[cells.length].answer.id ?? candidates(row, 0, 1).top[0].id;
      const found = candidates(row, answer, top);
      cells.push({ top: found.top, answer: found.own });
    }
    await letOthersIn();
  }
  return cells;
}
