/** Measures how well zstd compresses a text, as one stream with a sliding window of 2 MB. */
import * as zlib from "node:zlib";

/** zstd's default level. */
const LEVEL = 3;
/** Of a longer text, about this many characters are compressed, in pieces spread over it. */
const ENOUGH = 16e6;

export interface CompressionReport {
  readonly level: number;
  /** Bytes that were compressed. */
  readonly bytes: number;
  /** Bytes after compression. */
  readonly compressed: number;
}

export class Compression {
  readonly #stream = zlib.createZstdCompress({
    params: { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL },
  });
  readonly #ended: Promise<void>;
  /** n, where only each n-th piece is compressed. */
  readonly #every: number;
  #pieces = 0;
  #bytes = 0;
  #compressed = 0;

  /** @param characters of the text to come */
  constructor(characters: number) {
    this.#every = Math.max(1, Math.ceil(characters / ENOUGH));
    this.#ended = new Promise((resolve, reject) => this.#stream.once("end", resolve).once("error", reject));
    this.#stream.on("data", (chunk: Uint8Array) => this.#compressed += chunk.length);
  }

  /** The caller may reuse `piece` once the promise resolves. */
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
