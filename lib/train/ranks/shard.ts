/**
 * The optimizer's state split over ranks (ZeRO, stage 1: Rajbhandari et al., arXiv:1910.02054): each rank keeps the
 * moments of one part of the arena, updates the weights of that part, and sends them to the others.
 */
import type { Parameters } from "../../model/parameters.ts";
import type { Ranks } from "../../ranks/ranks.ts";

/** A range of the arena, in floats. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** In floats. Parts start at multiples of 256 bytes, as views of buffers must. */
const ALIGN = 64;

export class Shard implements Range {
  readonly start: number;
  readonly end: number;
  readonly #ranks: Ranks;
  /** The parts of all ranks. */
  readonly #parts: readonly Range[];

  /** @param whole whether to keep each matrix in one part, since Muon updates matrices as a whole */
  constructor(ranks: Ranks, parameters: Parameters, { whole }: { readonly whole: boolean }) {
    this.#ranks = ranks;
    this.#parts = partsOf(parameters, ranks.size, whole);
    ({ start: this.start, end: this.end } = this.#parts[ranks.rank]);
  }

  /** Fills in the other ranks' parts of an arena with their values. */
  exchange(values: Float32Array): void {
    this.#parts.forEach(({ start, end }, rank) => this.#ranks.broadcast(values.subarray(start, end), rank));
  }

  /** All parts, concatenated, on rank 0; null on the others. */
  gather(own: Float32Array): Float32Array | null {
    const { rank } = this.#ranks;
    const all = rank === 0 ? new Float32Array(this.#parts.at(-1)!.end) : null;
    this.#parts.forEach(({ start, end }, owner) => {
      const part = owner === rank ? own : new Float32Array(end - start);
      this.#ranks.broadcast(part, owner);
      all?.set(part, start);
    });
    return all;
  }
}

/** Divides the trained range of the arena into `n` parts of about the same size. */
export function partsOf(parameters: Parameters, n: number, whole: boolean): Range[] {
  const { trainedEnd } = parameters;
  const matrices = parameters.specs.filter(({ role }) => role === "matrix").map((spec) =>
    parameters.range(spec)
  );
  const cuts = Array.from({ length: n + 1 }, (_, i) => {
    const even = Math.min(trainedEnd, Math.round(i * trainedEnd / n / ALIGN) * ALIGN);
    const cut = whole ? matrices.find(({ start, end }) => start < even && even < end) : undefined;
    if (!cut) return even;
    return even - cut.start < cut.end - even ? cut.start : cut.end;
  });
  return cuts.slice(1).map((end, i) => ({ start: cuts[i], end }));
}
