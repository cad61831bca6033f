/**
 * The contract between a work and the processes that share it: *ranks*, as MPI calls them, which may be on several
 * machines. All calls are collective: every rank makes the same ones, in the same order, and each waits for the others.
 *
 * Ranks know numbers and bytes. They must not know tensors, devices, models or files. Two classes fulfil the contract:
 * one process, for which there is nothing to do, and MPI.
 */
import type { Neighbours } from "./neighbours.ts";

export interface Ranks {
  /** This process among them, from 0. Only rank 0 writes and prints. */
  readonly rank: number;
  readonly size: number;
  /** The machine that this process is on. */
  readonly host: string;
  readonly neighbours: Neighbours;
  /** The step that this rank works on, for messages; 0 before the first. */
  step: number;
  /** One line for people: how many processes, and what joins them. */
  readonly description: string;
  /**
   * Adds up the values of all ranks, each in its place: afterwards every rank has the same sums, bit for bit. For a
   * given number of ranks they are the same in every run.
   */
  sum(values: Float32Array | Float64Array): void;
  /**
   * Begins to add up, as `sum` does, while this process goes on; the values may not be touched until what this returns
   * has been called, which waits for the end.
   */
  beginSum(values: Float32Array): () => void;
  /**
   * Begins to add up, as `beginSum` does; a thread lets the sum get on, also while this one waits for something else. The
   * values may not be touched until it is fulfilled.
   */
  sumAside(values: Float32Array): Promise<void>;
  /** Lets sums that were begun get on: MPI works when it is called. */
  advance(): void;
  /** Replaces the values of all ranks by those of one, rank 0 by default. They are equally many on all of them. */
  broadcast(values: Uint8Array | Float32Array, from?: number): void;
  /** The bytes of all ranks, in the order of ranks. They are equally many on all of them. */
  gather(bytes: Uint8Array): Uint8Array[];
  /**
   * Sends bytes to each rank: part i goes to rank i. They may be of any length.
   * @returns what each rank has sent to this one, in the order of ranks
   */
  exchange(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[];
  /** Waits until all have come here. */
  barrier(): void;
  /** While this lasts, a rank that hangs ends all, with a line that names it. Every rank must begin and end it. */
  watch(): Promise<Disposable>;
  /** Ends the processes of all ranks at once, this one with that exit code. */
  abort(code: number): never;
  /** Takes leave of the others, which must do so too. */
  close(): void;
}

/** Those of `n` parts of a work that are a rank's, by number: part i is for rank i modulo their number. */
export function dealt({ rank, size }: Pick<Ranks, "rank" | "size">, n: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((n - rank) / size)) }, (_, i) => rank + i * size);
}

/** `rank 2 on node7` */
export const nameOf = ({ rank, host }: Pick<Ranks, "rank" | "host">): string => `rank ${rank} on ${host}`;
