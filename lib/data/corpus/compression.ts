/** How well zstd compresses a text, in streaming: as one frame, whose window of 2 MB moves over it. */
import * as zlib from "node:zlib";

/** The level that zstd takes by default. */
const LEVEL = 3;
/** Characters of a long text that are compressed, in pieces spread over it. */
const ENOUGH = 16e6;

export interface CompressionReport {
  readonly level: number;
  /** Bytes that were compressed. */
  readonly bytes: number;
  /** What became of them, in bytes. */
  readonly compressed: number;
}

export class Compression {
  readonly #stream = zlib.createZstdCompress({
    params: { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL },
  });
  readonly #ended: Promise<void>;
  /** One piece of so many is compressed. */
  readonly #every: number;
  #pieces = 0;
  #bytes = 0;
  #compressed = 0;

  /** @param characters that will come */
  constructor(characters: number) {
    this.#every = Math.max(1, Math.ceil(characters / ENOUGH));
    this.#ended = new Promise((resolve, reject) => this.#stream.once("end", resolve).once("error", reject));
    this.#stream.on("data", (chunk: Uint8Array) => this.#compressed += chunk.length);
  }

  /** The bytes can be used anew once it is done. */
  async add(piece: Uint8Array): Promise<void> {
    if (this.#pieces++ % this.#every > 0 || piece.length === 0) return;
    this.#bytes += piece.length;
    await new Promise<void>((resolve, reject) =>
      this.#stream.write(piece, (error) => error ? reject(error) : resolve())
    );
  }

  async report(): Promise<CompressionReport> {
    this.#stream.end();
    await this.#ended;
    return { level: LEVEL, bytes: this.#bytes, compressed: this.#compressed };
  }
}
