/**
 * Reads a file, plain or compressed, in blocks: whole lines, or the texts of records. Memory holds one
 * block, or one row group of a Parquet file.
 */
import { Decompress } from "fzstd";
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { pipeline, Readable } from "node:stream";
import * as zlib from "node:zlib";
import { describe, UserError } from "../../errors.ts";
import type { Block } from "./digest.ts";
import type { WorldTexts } from "../world/options.ts";
import type { Counter } from "./tally.ts";

export interface ReadOptions {
  /** The file's name for messages. */
  readonly name: string;
  readonly column: string;
  readonly bad_input: "stop" | "skip";
  readonly tally: Counter;
  /** Called with the bytes read from the disk. */
  readonly progress: (bytes: number) => void;
}

/** Bytes of a block, and most bytes of a line; longer lines are cut. */
const BLOCK = 1 << 16, LONGEST = 1 << 24;

/** @throws {UserError} if the file is truncated or damaged, or a Parquet file lacks the column */
export async function* readBlocks(path: string, options: ReadOptions): AsyncGenerator<Block> {
  const { column } = options;
  if (path.endsWith(".parquet")) return yield* readParquet(path, options);
  const kind = /\.jsonl(\.gz|\.zst)?$/.test(path) ? "jsonl" : "text";
  let first = true;
  for await (const bytes of wholeLines(path, options)) {
    yield { kind, bytes, first, column };
    first = false;
  }
}

/** Documents of the world that are made at a time. */
const DOCUMENTS = 64;

/** Blocks of a world that a rank makes before the ranks exchange how much they have made. */
export const ROUND = 8;

/** This rank's blocks of the world's documents, without end: the ranks take turns. */
export function* worldBlocks(
  options: WorldTexts,
  { rank, size }: { readonly rank: number; readonly size: number },
): Generator<Block> {
  for (let round = 0;; round++) {
    for (let i = 0; i < ROUND; i++) {
      const from = ((round * size + rank) * ROUND + i) * DOCUMENTS;
      yield { kind: "world", world: { options, from, count: DOCUMENTS }, first: from === 0, column: "" };
    }
  }
}

/** @param reuse whether the next chunk may overwrite the one before */
async function* chunksOf(
  path: string,
  progress: ReadOptions["progress"],
  reuse: boolean,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  let chunk = new Uint8Array(BLOCK);
  for (;;) {
    if (!reuse) chunk = new Uint8Array(BLOCK);
    const n = await file.read(chunk);
    if (n === null) return;
    progress(n);
    yield chunk.subarray(0, n);
  }
}

const truncated = (name: string) =>
  new UserError(`${name}: the file ends too early, so it was cut off; fetch or make it again`);
const damaged = (name: string) =>
  new UserError(`${name}: the compressed data is damaged; fetch or make it again`);

async function* gunzip(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  try {
    for await (const chunk of pipeline(source, zlib.createGunzip({ chunkSize: 1 << 18 }), () => {})) {
      yield chunk;
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "Z_BUF_ERROR") throw truncated(name);
    if (code?.startsWith("Z_")) throw damaged(name);
    throw error;
  }
}

/** Uses fzstd, as node:zlib silently stops after a file's first frame and accepts a truncated one. */
async function* unzstd(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const stream = new Decompress((chunk) => ready.push(chunk));
  const push = (chunk: Uint8Array, last: boolean) => {
    try {
      stream.push(chunk, last);
    } catch (error) {
      throw last && /EOF/.test(describe(error)) ? truncated(name) : damaged(name);
    }
    const made = ready;
    ready = [];
    return made;
  };
  for await (const chunk of chunks) yield* push(chunk, false);
  yield* push(new Uint8Array(0), true);
}

/** Blocks that end where lines end. */
async function* wholeLines(
  path: string,
  { name, progress }: ReadOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const packed = /\.(gz|zst)$/.test(path);
  const raw = chunksOf(path, progress, !packed);
  const chunks = path.endsWith(".gz") ? gunzip(raw, name) : path.endsWith(".zst") ? unzstd(raw, name) : raw;
  let held = new Uint8Array(2 * BLOCK), size = 0, wanted = BLOCK;
  for await (const chunk of chunks) {
    if (size + chunk.length > held.length) {
      const larger = new Uint8Array(Math.max(2 * held.length, size + chunk.length));
      larger.set(held);
      held = larger;
    }
    held.set(chunk, size);
    size += chunk.length;
    if (size < wanted) continue;
    const block = held.subarray(0, size);
    // Cut after the last LF; else after a CR that is surely not part of a CR LF; else where a character begins.
    let end = block.lastIndexOf(10) + 1;
    if (end === 0) end = block.subarray(0, -1).lastIndexOf(13) + 1;
    if (end === 0 && block.length >= LONGEST) {
      end = block.length - 4;
      while ((block[end] & 0xc0) === 0x80) end--;
    }
    // Wait until the buffer has doubled before searching again, so that a long line is not searched for every chunk.
    wanted = end === 0 ? Math.min(LONGEST, 2 * size) : BLOCK;
    if (end === 0) continue;
    yield block.slice(0, end); // a copy, as a block's buffer goes to another thread
    held.copyWithin(0, end, size);
    size -= end;
  }
  if (size > 0) yield held.slice(0, size);
}

/** Decompressors for Parquet files; hyparquet has its own for snappy. */
const COMPRESSORS = {
  GZIP: (input: Uint8Array) => zlib.gunzipSync(input),
  BROTLI: (input: Uint8Array) => zlib.brotliDecompressSync(input),
  ZSTD: (input: Uint8Array) => zlib.zstdDecompressSync(input),
};

async function* readParquet(path: string, options: ReadOptions): AsyncGenerator<Block> {
  const { name, column, bad_input, tally, progress } = options;
  using disk = await Deno.open(path);
  const { size } = await disk.stat();
  const file: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      await disk.seek(start, Deno.SeekMode.Start);
      for (let got = 0; got < bytes.length;) {
        const n = await disk.read(bytes.subarray(got));
        if (n === null) throw truncated(name);
        got += n;
      }
      return bytes.buffer;
    },
  };
  const unreadable = (error: unknown) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: no whole Parquet file (${describe(error)}); fetch or make it again`);
  };
  const metadata = await parquetMetadataAsync(file).catch(unreadable);
  const groups = metadata.row_groups;
  const columns = new Set(groups[0]?.columns.flatMap(({ meta_data }) => meta_data?.path_in_schema[0] ?? []));
  if (groups.length > 0 && !columns.has(column)) {
    throw new UserError(
      `${name}: no column ${JSON.stringify(column)} (it has: ${
        [...columns].join(", ")
      }); name the right one ` +
        "as column: of the source",
    );
  }
  let row = 0;
  for (const [i, group] of groups.entries()) {
    const rows = Number(group.num_rows);
    const records = await parquetReadObjects({
      ...{ file, metadata, columns: [column], compressors: COMPRESSORS },
      ...{ rowStart: row, rowEnd: row + rows },
    }).catch(unreadable);
    const texts = records.flatMap((record, j) => {
      const text = record[column];
      if (typeof text === "string") return [text];
      if (bad_input === "stop") {
        throw new UserError(
          `${name}: row ${row + j}: ${JSON.stringify(column)} holds no text; choose another column, or set ` +
            "prepare-corpus.bad_input: skip",
        );
      }
      tally.add("bad input", 1, 0, `row ${row + j}`);
      return [];
    });
    row += rows;
    const part = (n: number) => Math.floor(size * n / groups.length);
    progress(part(i + 1) - part(i));
    yield { kind: "records", texts, first: i === 0, column };
  }
}
