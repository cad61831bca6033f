/** Times dispatches on a GPU with timestamp queries, which takes a compute pass for each dispatch. */

/** The most queries that WebGPU allows in a set; a dispatch takes two. */
const QUERIES = 4096;

export class GpuClock {
  /** Number of dispatches and their milliseconds on the GPU, by shader. */
  readonly times = new Map<string, { calls: number; ms: number }>();
  readonly #gpu: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  /** Shaders of the passes that are recorded but not submitted. */
  #names: string[] = [];
  #reading: Promise<void>[] = [];

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#queries = gpu.createQuerySet({ type: "timestamp", count: QUERIES });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    this.#resolved = gpu.createBuffer({ size: QUERIES * 8, usage });
  }

  /** Whether no further dispatch can be recorded before the next submit. */
  get full(): boolean {
    return 2 * this.#names.length === QUERIES;
  }

  /** The timestamp writes for the pass of a shader's next dispatch. */
  mark(name: string): GPUComputePassTimestampWrites {
    const first = 2 * this.#names.push(name) - 2;
    return { querySet: this.#queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** Records the copy of the times. Call it last before a submit, and the function that it returns right after. */
  finish(encoder: GPUCommandEncoder): () => void {
    const names = this.#names, size = names.length * 16;
    this.#names = [];
    if (size === 0) return () => {};
    const staging = this.#gpu.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(this.#queries, 0, 2 * names.length, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, size);
    return () => this.#reading.push(this.#read(staging, names));
  }

  async #read(staging: GPUBuffer, names: readonly string[]): Promise<void> {
    await staging.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.destroy();
    for (const [i, name] of names.entries()) {
      const entry = this.times.get(name) ?? { calls: 0, ms: 0 };
      entry.calls++;
      entry.ms += Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6;
      this.times.set(name, entry);
    }
  }

  /** Waits until the times of everything submitted so far have arrived. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading.splice(0));
  }
}
