/**
 * What a training step costs on N ranks: computing, and adding the gradients up. Fitted to what `bench-mpi` measured, it says
 * what more ranks and other networks would give.
 */
import { BUCKET } from "./gradient_sum.ts";

/** A line of `bench-mpi --json` on the cpu device; times in milliseconds. */
export interface Measured {
  readonly ranks: number;
  readonly parameters: number;
  readonly step: number;
  readonly compute: number;
  readonly communication: number;
  /** The share of the communication that computing hid. */
  readonly hidden: number;
}

/** What joins ranks. */
export interface Network {
  /** Milliseconds until a message of no length has come. */
  readonly latency: number;
  /** Milliseconds for a byte to come, and to be added. */
  readonly perByte: number;
}

export interface CostModel {
  readonly network: Network;
  /** The share of communication that computing can hide, while the backward pass lasts. */
  readonly overlap: number;
}

/** The share of a step's computing that is the backward pass: two products for each of the forward pass. */
const BACKWARD = 2 / 3;

/** Messages in a row, and bytes that pass through each rank, to add up a gradient of float32. */
function traffic(ranks: number, parameters: number, bucket = BUCKET): { messages: number; bytes: number } {
  const bytes = 4 * parameters;
  return {
    messages: Math.ceil(parameters / bucket) * 2 * Math.ceil(Math.log2(ranks)),
    bytes: 2 * (ranks - 1) / ranks * bytes,
  };
}

/**
 * Milliseconds of all sums of a step, by themselves: reduce-scatter and all-gather, each of log₂ N messages a bucket and
 * (N-1)/N of the bytes (Thakur, Rabenseifner and Gropp, doi:10.1177/1094342005051521).
 * @param bucket floats of a bucket
 */
export function communicationTime(
  ranks: number,
  parameters: number,
  network: Network,
  bucket = BUCKET,
): number {
  const { messages, bytes } = traffic(ranks, parameters, bucket);
  return messages * network.latency + bytes * network.perByte;
}

/** Milliseconds of a step whose computing takes a rank `compute`. */
export function stepTime(
  ranks: number,
  { parameters, compute, bucket }: Pick<Measured, "parameters" | "compute"> & { readonly bucket?: number },
  { network, overlap }: CostModel,
): number {
  const communication = communicationTime(ranks, parameters, network, bucket);
  return compute + communication - Math.min(overlap * communication, BACKWARD * compute);
}

/**
 * The network that comes nearest to the measured times, by least squares of the relative errors, and the mean of what was
 * hidden.
 * @throws {RangeError} with fewer than two measurements of several ranks
 */
export function fit(measured: readonly Measured[]): CostModel {
  const several = measured.filter(({ ranks }) => ranks > 1);
  if (several.length < 2) throw new RangeError("expected two measurements of several ranks, or more");
  // Each row divided by what was measured: a·latency + b·perByte = 1.
  const rows = several.map(({ ranks, parameters, communication }) => {
    const { messages, bytes } = traffic(ranks, parameters);
    return { a: messages / communication, b: bytes / communication };
  });
  const sum = (of: (row: typeof rows[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const aa = sum(({ a }) => a * a), ab = sum(({ a, b }) => a * b), bb = sum(({ b }) => b * b);
  const a1 = sum(({ a }) => a), b1 = sum(({ b }) => b), determinant = aa * bb - ab * ab;
  const both = determinant > 1e-9 * aa * bb
    ? { latency: (a1 * bb - b1 * ab) / determinant, perByte: (b1 * aa - a1 * ab) / determinant }
    : { latency: 0, perByte: b1 / bb };
  const network = both.latency < 0
    ? { latency: 0, perByte: b1 / bb }
    : both.perByte < 0
    ? { latency: a1 / aa, perByte: 0 }
    : both;
  return { network, overlap: meanHidden(several) };
}

/** The mean of what was hidden of sums. */
export function meanHidden(measured: readonly Pick<Measured, "hidden">[]): number {
  return measured.reduce((total, { hidden }) => total + hidden, 0) / measured.length;
}

/** The relative errors of each step of several ranks, predicted by a fit to the others. */
export function errors(
  measured: readonly Measured[],
): { readonly measured: Measured; readonly error: number }[] {
  return measured.filter(({ ranks }) => ranks > 1).map((one) => {
    const model = fit(measured.filter((other) => other !== one));
    return { measured: one, error: stepTime(one.ranks, one, model) / one.step - 1 };
  });
}
