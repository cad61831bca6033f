/**
 * The oracle device: every kernel's reference, in float64.
 *
 * Finite differences need more digits than float32 has, so gradient checks and the expected values of
 * the conformance suite are computed here, by the same op code that trains on the other devices.
 */
import type { Args, Binding, Buffer, Device, Kernel, Milestone, Params, Snapshot, Views } from "./device.ts";

class OracleBuffer implements Buffer {
  readonly dtype = "f32";
  constructor(readonly bytes: number, readonly f64: Float64Array, readonly u32: Uint32Array) {}
}

export class OracleDevice implements Device {
  readonly name = "oracle";
  readonly float16 = false;
  readonly fault = null;
  readonly description = "reference kernels in float64 (for checks, not for training)";
  #used = 0;

  alloc(bytes: number): OracleBuffer {
    this.#used += bytes;
    return new OracleBuffer(bytes, new Float64Array(bytes / 4), new Uint32Array(bytes / 4));
  }

  upload(data: Float32Array | Uint32Array): OracleBuffer {
    const buffer = this.alloc(data.byteLength);
    this.write(buffer, data);
    return buffer;
  }

  release(b: Buffer): void {
    this.#used -= b.bytes;
  }

  slice(b: Buffer, offset: number, bytes: number): OracleBuffer {
    const { f64, u32 } = b as OracleBuffer;
    const [from, to] = [offset / 4, (offset + bytes) / 4];
    return new OracleBuffer(bytes, f64.subarray(from, to), u32.subarray(from, to));
  }

  /** Also takes float64 data, which finite differences need. */
  write(b: Buffer, data: Float32Array | Float64Array | Uint32Array): void {
    const { f64, u32 } = b as OracleBuffer;
    if (data instanceof Uint32Array) u32.set(data);
    else f64.set(data);
  }

  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void {
    const views = b.map((buffer, i) =>
      k.bindings[i].startsWith("u32") ? (buffer as OracleBuffer).u32 : (buffer as OracleBuffer).f64
    );
    k.reference(views as Views<B>, a);
  }

  flush(): void {}

  snapshot(b: Buffer): Snapshot {
    const copy = Float32Array.from((b as OracleBuffer).f64);
    return { data: () => Promise.resolve(copy) };
  }

  /** Dispatches have run when they return, so reads and writes need no queue. */
  milestone(): Milestone {
    return { read: (b) => this.read(b), write: (b, data) => this.write(b, data) };
  }

  read(b: Buffer): Promise<Float32Array> {
    return this.snapshot(b).data();
  }

  view(): null {
    return null;
  }

  /** The values in float64. */
  values(b: Buffer): Float64Array {
    return (b as OracleBuffer).f64.slice();
  }

  memory() {
    return { used: this.#used, peak: this.#used, reach: Infinity };
  }

  close(): void {}
}
