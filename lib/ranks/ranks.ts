/**
 * The contract between a computation and the processes that share it. They are called *ranks*, as in MPI, and may run
 * on several machines. All calls are collective: every rank makes the same calls in the same order, and waits for the
 * others.
 *
 * Ranks know numbers and bytes. They must not know tensors, devices, models or files. There are two implementations: a
 * single process, which has nothing to do, and MPI.
 */
import type { Neighbours } from "./neighbours.ts";

export interface Ranks {
  /** The number of this process, from 0. Only rank 0 writes and prints. */
  readonly rank: number;
  readonly size: number;
  /** The machine that this process is on. */
  readonly host: string;
  readonly neighbours: Neighbours;
  /** The step that this rank is working on, for messages; 0 before the first. */
  step: number;
  /** One line for people: how many processes there are, and what connects them. */
  readonly description: string;
  /**
   * Adds up the values of all ranks, element by element. Afterwards every rank has the same sums, bit for bit. With the
   * same number of ranks, every run gives the same sums.
   */
  sum(values: Float32Array | Float64Array): void;
  /**
   * Begins a `sum` that runs while this process goes on. The returned function waits for the end; until it has
   * returned, nobody may touch the values.
   */
  beginSum(values: Float32Array): () => void;
  /**
   * Begins a `sum`, like `beginSum`, that a thread advances even while the main thread waits for something else. Nobody
   * may touch the values until the promise is fulfilled.
   */
  sumAside(values: Float32Array): Promise<void>;
  /** Advances sums that were begun: MPI makes progress only while it is called. */
  advance(): void;
  /** Replaces every rank's values with those of one rank, 0 by default. All ranks must pass equally many. */
  broadcast(values: Uint8Array | Float32Array, from?: number): void;
  /** Returns the bytes of all ranks, in the order of ranks. All ranks must pass equally many. */
  gather(bytes: Uint8Array): Uint8Array[];
  /**
   * Sends bytes to each rank: part i goes to rank i. Parts may have any length.
   * @returns the parts sent to this rank, in the order of the ranks that sent them
   */
  exchange(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[];
  /** Waits until all ranks have called this. */
  barrier(): void;
  /** Until disposed of, a rank that hangs ends all, with a line that names it. Every rank must begin and end it. */
  watch(): Promise<Disposable>;
  /** Ends the processes of all ranks at once; this one exits with the given code. */
  abort(code: number): never;
  /** Leaves the group, to exit with the given code. All ranks must call this. */
  close(code: number): void;
}

/** The numbers of those of `n` parts that a rank works on: part i goes to rank i modulo the number of ranks. */
export function dealt({ rank, size }: Pick<Ranks, "rank" | "size">, n: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((n - rank) / size)) }, (_, i) => rank + i * size);
}

/** `rank 2 on node7` */
export const nameOf = ({ rank, host }: Pick<Ranks, "rank" | "host">): string => `rank ${rank} on ${host}`;
