/** The contract of ranks, fulfilled with MPI. */
import { UserError } from "../errors.ts";
import type { Launched } from "./launcher.ts";
import { LIBRARY, type Library, MPI } from "./library.ts";
import { gatherValues } from "./messages.ts";
import { type Neighbours, neighboursOf, placeOf } from "./neighbours.ts";
import type { Ranks } from "./ranks.ts";
import { openReport } from "./report.ts";
import { Watch, type WatchStart, WORDS } from "./watch.ts";

/** The most numbers in one call: MPI counts them in 32 bits. */
const MOST = 2 ** 28;

export class MpiRanks implements Ranks {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
  readonly neighbours: Neighbours;
  readonly description: string;
  readonly #library: Library;
  readonly #hosts: readonly string[];
  /** Memory shared with the thread that watches the ranks. */
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * WORDS.count));
  readonly #report = openReport();
  /** Requests of sums that were begun and are not known to have ended. */
  #begun: BigUint64Array[] = [];
  readonly #flag = new Int32Array(1);
  /** Sums that a thread waits for, with the memory that MPI reads and writes for them. */
  readonly #aside = new Set<{ readonly request: BigUint64Array; readonly values: Float32Array }>();
  /** Fulfilled when all sums begun before have ended or failed. */
  #asideBefore: Promise<unknown> = Promise.resolve();

  /**
   * Joins the other ranks.
   * @throws {UserError} if the library does not find them
   */
  constructor(library: Library, launched: Launched) {
    this.#library = library;
    const { functions, constants: { world, errorsReturn } } = library;
    const number = Int32Array.of(0);
    this.#report("joining");
    this.#check(functions.MPI_Init_thread(null, null, MPI.threadMultiple, number));
    if (number[0] < MPI.threadMultiple) {
      throw new UserError(
        `${library.name}: ${library.version} was built without support for threads (MPI_THREAD_MULTIPLE), which the ` +
          `watch over ranks needs; set ${LIBRARY} to another`,
      );
    }
    this.#check(functions.MPI_Comm_set_errhandler(world, errorsReturn));
    this.#check(functions.MPI_Comm_rank(world, number));
    this.rank = number[0];
    this.#check(functions.MPI_Comm_size(world, number));
    this.size = number[0];
    this.host = this.#text((text, length) => functions.MPI_Get_processor_name(text, length));
    this.description = `${library.version} (${library.name}), ${this.size} rank${this.size > 1 ? "s" : ""}`;
    if (launched.size !== null && launched.size !== this.size) {
      throw new UserError(
        `${library.name} is ${library.version} and finds ${this.size} rank, but the launcher started ` +
          `${launched.size}: they are of different installations of MPI; start with the mpiexec of ` +
          `${library.version}, or set ${LIBRARY} to the library of the other`,
      );
    }
    const place = placeOf(this.host);
    const places = gatherValues(this, place);
    this.neighbours = neighboursOf(place, places);
    this.#hosts = places.map(({ host }) => host);
    this.#report("joined");
  }

  /** @throws {Error} with MPI's own message, if the code is not success */
  #check(code: number): void {
    if (code === 0) return;
    const { MPI_Error_string } = this.#library.functions;
    throw new Error(`MPI: ${this.#text((text, length) => MPI_Error_string(code, text, length))}`);
  }

  #text(fill: (text: Uint8Array, length: Int32Array) => number): string {
    const text = new Uint8Array(MPI.longestText), length = new Int32Array(1);
    fill(text, length);
    return new TextDecoder().decode(text.subarray(0, length[0]));
  }

  get step(): number {
    return this.#words[WORDS.step];
  }

  set step(step: number) {
    this.#words[WORDS.step] = step;
    this.#report(step);
  }

  /** Makes a call that waits for other ranks. */
  #wait(call: () => number): void {
    this.#words[WORDS.waiting] = 1;
    this.#check(call());
    this.#words[WORDS.waiting] = 0;
  }

  /** Begins a sum. Returns the request, in memory that V8 does not move. */
  #begin(values: Float32Array): BigUint64Array {
    const { functions, constants: { inPlace, float, add, world } } = this.#library;
    // Wide enough for the handle of either library.
    const request = new BigUint64Array(new ArrayBuffer(8));
    const n = values.length;
    this.#check(functions.MPI_Iallreduce(inPlace, values, n, float, add, world, request));
    return request;
  }

  sum(values: Float32Array | Float64Array): void {
    const { functions, constants: { inPlace, float, double, add, world } } = this.#library;
    const type = values instanceof Float32Array ? float : double;
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST);
      this.#wait(() => functions.MPI_Allreduce(inPlace, part, part.length, type, add, world));
    }
  }

  beginSum(values: Float32Array): () => void {
    const { functions, constants: { ignoreStatus } } = this.#library;
    const request = this.#begin(values);
    this.#begun.push(request);
    return () => {
      this.#wait(() => functions.MPI_Wait(request, ignoreStatus));
      this.#begun = this.#begun.filter((other) => other !== request);
    };
  }

  sumAside(values: Float32Array): Promise<void> {
    const { functions, constants: { ignoreStatus } } = this.#library;
    const sum = { request: this.#begin(values), values };
    this.#aside.add(sum);
    // One thread at a time: a thread that waits for MPI takes a whole core, and a single one advances all sums. The
    // thread starts in this call, since the main thread may wait for a GPU afterwards and could not start it.
    const wait = async () => {
      this.#check(await functions.MPI_Wait_aside(sum.request, ignoreStatus));
      this.#aside.delete(sum);
    };
    const done = this.#aside.size === 1 ? wait() : this.#asideBefore.then(wait);
    this.#asideBefore = done.catch(() => {}); // whoever awaits it gets the error
    return done;
  }

  advance(): void {
    const { functions, constants: { ignoreStatus } } = this.#library;
    // Testing one request advances all sums.
    const [request] = this.#begun;
    if (request) this.#check(functions.MPI_Test(request, this.#flag, ignoreStatus));
    if (this.#flag[0] === 1) this.#begun.shift();
    this.#flag[0] = 0;
  }

  broadcast(values: Uint8Array | Float32Array, from = 0): void {
    const { functions, constants: { byte, world } } = this.#library;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length; at += MOST) {
      const part = bytes.subarray(at, at + MOST);
      this.#wait(() => functions.MPI_Bcast(part, part.length, byte, from, world));
    }
  }

  gather(bytes: Uint8Array): Uint8Array[] {
    const { functions, constants: { byte, world } } = this.#library;
    const { length } = bytes;
    const all = new Uint8Array(length * this.size);
    if (length > 0) this.#wait(() => functions.MPI_Allgather(bytes, length, byte, all, length, byte, world));
    return Array.from({ length: this.size }, (_, rank) => all.subarray(rank * length, (rank + 1) * length));
  }

  exchange(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
    const { functions, constants: { byte, world } } = this.#library;
    const lengths = Int32Array.from(parts, ({ length }) => length);
    // Row i has the lengths of the parts that rank i sends.
    const table = this.gather(new Uint8Array(lengths.buffer)).map((row) =>
      new Int32Array(row.slice().buffer)
    );
    const coming = Int32Array.from(table, (row) => row[this.rank]);
    const [from, to] = [lengths, coming].map(startsOf);
    const sent = new Uint8Array(from.total + 1), received = new Uint8Array(to.total + 1);
    parts.forEach((part, rank) => sent.set(part, from.starts[rank]));
    // deno-fmt-ignore
    this.#wait(() =>
      functions.MPI_Alltoallv(sent, lengths, from.starts, byte, received, coming, to.starts, byte, world)
    );
    return parts.map((_, rank) => received.slice(to.starts[rank], to.starts[rank] + coming[rank]));
  }

  barrier(): void {
    const { functions, constants: { world } } = this.#library;
    this.#wait(() => functions.MPI_Barrier(world));
  }

  /** @param longest limits other than those of training */
  async watch(longest?: WatchStart["longest"]): Promise<Disposable> {
    const { rank, size } = this;
    return await Watch.start(this.#library, this.#words, { rank, size, hosts: this.#hosts }, longest);
  }

  abort(code: number): never {
    const { functions, constants: { world } } = this.#library;
    functions.MPI_Abort(world, code);
    Deno.exit(code);
  }

  close(code: number): void {
    // MPICH over UCX connects two ranks at their first message. Ranks that never exchanged one connect when they
    // finalize, and wait forever for one that has left already. This exchange makes that rarer.
    this.exchange(Array.from({ length: this.size }, () => new Uint8Array(1)));
    // If it happens nevertheless, the process that looks after this one ends it.
    this.#report(`leaving ${code}`);
    this.#library.functions.MPI_Finalize();
  }
}

/** The starts of parts that lie one after another, given their lengths, and the total length. */
function startsOf(lengths: Int32Array): { starts: Int32Array; total: number } {
  const starts = new Int32Array(lengths.length);
  let total = 0;
  lengths.forEach((length, i) => {
    starts[i] = total;
    total += length;
  });
  return { starts, total };
}
