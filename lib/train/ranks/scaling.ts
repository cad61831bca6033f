/**
 * A cost model of a training step on N ranks: computing, and summing the gradients. Once fitted to measurements of
 * `bench-mpi`, it predicts the times for more ranks and for other networks.
 */
import { BUCKET } from "./gradient_sum.ts";

/** A line of `bench-mpi --json` on the cpu device; times in milliseconds. */
export interface Measured {
  readonly ranks: number;
  readonly parameters: number;
  readonly step: number;
  readonly compute: number;
  readonly communication: number;
  /** The share of the communication that overlapped with computing. */
  readonly hidden: number;
}

/** The network between the ranks. */
export interface Network {
  /** Milliseconds for an empty message to arrive. */
  readonly latency: number;
  /** Milliseconds per byte to arrive and be added. */
  readonly perByte: number;
}

export interface CostModel {
  readonly network: Network;
  /** The share of communication that can overlap with computing during the backward pass. */
  readonly overlap: number;
}

/** The backward pass's share of a step's computing: two products for each product of the forward pass. */
const BACKWARD = 2 / 3;

/** Consecutive messages, and bytes through each rank, that summing a float32 gradient takes. */
function traffic(ranks: number, parameters: number, bucket = BUCKET): { messages: number; bytes: number } {
  const bytes = 4 * parameters;
  return {
    messages: Math.ceil(parameters / bucket) * 2 * Math.ceil(Math.log2(ranks)),
    bytes: 2 * (ranks - 1) / ranks * bytes,
  };
}

/**
 * Milliseconds of all sums of a step, with nothing else running: reduce-scatter and all-gather, each with log₂ N
 * messages per bucket and (N-1)/N of the bytes (Thakur, Rabenseifner and Gropp, doi:10.1177/1094342005051521).
 * @param bucket floats in a bucket
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

/** Milliseconds of a step in which each rank computes for `compute` milliseconds. */
export function stepTime(
  ranks: number,
  { parameters, compute, bucket }: Pick<Measured, "parameters" | "compute"> & { readonly bucket?: number },
  { network, overlap }: CostModel,
): number {
  const communication = communicationTime(ranks, parameters, network, bucket);
  return compute + communication - Math.min(overlap * communication, BACKWARD * compute);
}

/**
 * Fits the network to the measured times, by least squares of the relative errors; the overlap is the mean of the
 * hidden shares.
 * @throws {RangeError} with fewer than two measurements of several ranks
 */
export function fit(measured: readonly Measured[]): CostModel {
  const several = measured.filter(({ ranks }) => ranks > 1);
  if (several.length < 2) throw new RangeError("expected two measurements of several ranks, or more");
  // Each row is divided by its measured time: a·latency + b·perByte = 1.
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

/** The mean share of communication that was hidden. */
export function meanHidden(measured: readonly Pick<Measured, "hidden">[]): number {
  return measured.reduce((total, { hidden }) => total + hidden, 0) / measured.length;
}

/**
 * For each measured step on several ranks, the relative error of its prediction by a fit to all the others. The
 * computing is taken as measured in that step, so this is the error of the communication.
 */
export function errors(
  measured: readonly Measured[],
): { readonly measured: Measured; readonly error: number }[] {
  return measured.filter(({ ranks }) => ranks > 1).map((one) => {
    const model = fit(measured.filter((other) => other !== one));
    return { measured: one, error: stepTime(one.ranks, one, model) / one.step - 1 };
  });
}
