/**
 * Encoded documents on disk, from which a model is trained by range, so that memory does not grow with the text.
 *
 * A shard is a safetensors file with one tensor, `tokens`: the documents as `<bos> text <eos>`, one after another, in
 * 16 bits a token where the vocabulary fits, else in 32. Its metadata tell which vocabulary it is encoded with, and how
 * many documents it has.
 */
import { concat } from "@std/bytes/concat";
import { encodeHeader, type Header, readHeader } from "../safetensors_header.ts";
import { UserError } from "../errors.ts";
import { AtomicWriter, hashContent, ReadFile, throwWriteError } from "../files.ts";
import { ALONE } from "../ranks/alone.ts";
import { bytesIn } from "../ranks/messages.ts";
import type { Ranks } from "../ranks/ranks.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { ExternalShuffle } from "./external_shuffle.ts";
import type { TokenStream } from "./token_stream.ts";

const REMEDY = "make it anew: deno task build-vocab --force with the same --config";

/** How tokens lie in a shard. */
const FORMATS = { U16: Uint16Array, U32: Uint32Array };
type Format = keyof typeof FORMATS;

const formatFor = ({ size }: Pick<Tokenizer, "size">): Format => size <= 2 ** 16 ? "U16" : "U32";

/** Bytes that a token of a vocabulary of that size takes in a shard. */
export const bytesPerToken = (size: number): number => FORMATS[formatFor({ size })].BYTES_PER_ELEMENT;

/** What tells one vocabulary from another. */
const tokenizerHash = (tokenizer: Tokenizer) => hashContent(JSON.stringify(tokenizer.toJson()));

export interface ShardOptions {
  readonly tokenizer: Tokenizer;
  /** Decides the order of the documents. */
  readonly seed: number;
  /** Of the shard, roughly. */
  readonly bytes: number;
  /** The processes that share the work; by default there is one. */
  readonly ranks?: Ranks;
}

export interface Encoded {
  readonly documents: number;
  readonly tokens: number;
  /** How often each token stands in the text; the marks around documents are not counted. */
  readonly counts: Float64Array;
}

/**
 * Encodes documents, and writes them in random order. On its way there the text takes as much room on the disk. Several
 * ranks share this: all must call it, and rank 0 writes.
 * @param blocks a rank's documents; those of the ranks' first blocks come first, then those of the second
 */
export async function writeShard(
  path: string,
  blocks: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  options: ShardOptions,
): Promise<Encoded> {
  if (options.ranks && options.ranks.rank > 0) return await encode(blocks, options, () => {});
  const scratch = `${path}.tmp`;
  const remove = () => Deno.remove(scratch, { recursive: true }).catch(() => {});
  await remove();
  await Deno.mkdir(scratch, { recursive: true }).catch((error) => throwWriteError(error, scratch));
  try {
    const { tokenizer, seed, bytes } = options, format = formatFor(tokenizer);
    const shuffle = new ExternalShuffle(scratch, { seed, bytes });
    const encoded = await encode(blocks, options, (document) => shuffle.add(document));
    const { documents, tokens } = encoded;
    const size = tokens * FORMATS[format].BYTES_PER_ELEMENT;
    const header = encodeHeader({
      __metadata__: { documents: String(documents), tokenizer: tokenizerHash(tokenizer) },
      tokens: { dtype: format, shape: [tokens], data_offsets: [0, size] },
    });
    await using file = await AtomicWriter.open(path);
    for (const part of header) file.write(part);
    for (const part of shuffle.drain()) file.write(part);
    await file.commit();
    return encoded;
  } finally {
    await remove();
  }
}

/** Encodes documents; rank 0 takes those of all ranks, in their order. */
async function encode(
  blocks: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  { tokenizer, ranks = ALONE }: ShardOptions,
  take: (document: Uint8Array) => void,
): Promise<Encoded> {
  const { bos, eos } = tokenizer.special, Ids = FORMATS[formatFor(tokenizer)];
  const counts = new Float64Array(tokenizer.size), totals = new Float64Array(2);
  for await (const texts of blocks) {
    const documents = texts.map((text) => {
      const ids = tokenizer.encode(text);
      for (let i = 0; i < ids.length; i++) counts[ids[i]]++;
      const document = new Ids(ids.length + 2);
      document[0] = bos;
      document.set(ids, 1);
      document[ids.length + 1] = eos;
      totals[0]++;
      totals[1] += document.length;
      return new Uint8Array(document.buffer);
    });
    for (const part of sendToFirst(ranks, documents)) take(part);
  }
  ranks.sum(counts);
  ranks.sum(totals);
  const [documents, tokens] = totals;
  return { documents, tokens, counts };
}

/** Gives rank 0 the records of all ranks, in their order. */
function* sendToFirst(ranks: Ranks, records: readonly Uint8Array[]): Generator<Uint8Array> {
  if (ranks.size === 1) return yield* records;
  const lengths = Uint32Array.from([records.length, ...records.map(({ length }) => length)]);
  const own = concat([bytesIn(lengths), ...records]);
  const nothing = new Uint8Array();
  const parts = ranks.exchange(Array.from({ length: ranks.size }, (_, to) => to === 0 ? own : nothing));
  for (const part of ranks.rank === 0 ? parts : []) {
    const view = new DataView(part.buffer), n = view.getUint32(0, true);
    for (let i = 1, at = 4 * (n + 1); i <= n; at += view.getUint32(4 * i, true), i++) {
      yield part.subarray(at, at + view.getUint32(4 * i, true));
    }
  }
}

/** A shard that is read by range. */
export class Shard implements TokenStream, Disposable {
  readonly length: number;
  readonly documents: number;
  readonly #path: string;
  readonly #file: ReadFile;
  readonly #format: Format;
  /** Bytes of the file before the tokens. */
  readonly #before: number;
  /** Ids that the vocabulary has. */
  readonly #vocabulary: number;

  private constructor(path: string, { entries: [tokens], metadata, before }: Header, vocabulary: number) {
    this.#path = path;
    this.#file = new ReadFile(path);
    this.#format = tokens.dtype as Format;
    this.#before = before;
    this.#vocabulary = vocabulary;
    this.length = tokens.shape[0];
    this.documents = Number(metadata.documents);
  }

  /** @throws {UserError} if it is missing, cut off, no shard, or encoded with another vocabulary */
  static async open(path: string, tokenizer: Tokenizer): Promise<Shard> {
    const header = await readHeader(path, REMEDY);
    const { entries, metadata } = header;
    if (entries.length !== 1 || entries[0].name !== "tokens" || entries[0].shape.length !== 1) {
      throw new UserError(`${path} holds no encoded text; ${REMEDY}`);
    }
    if (metadata.tokenizer !== tokenizerHash(tokenizer) || entries[0].dtype !== formatFor(tokenizer)) {
      throw new UserError(`${path} is encoded with another vocabulary; ${REMEDY}`);
    }
    return new Shard(path, header, tokenizer.size);
  }

  /** @throws {UserError} if a token is none of the vocabulary's, or the file was cut off meanwhile */
  read(from: number, into: Uint32Array): void {
    const stored = new FORMATS[this.#format](into.length);
    this.#file.read(this.#before + from * stored.BYTES_PER_ELEMENT, new Uint8Array(stored.buffer));
    into.set(stored);
    for (let i = 0; i < into.length; i++) if (into[i] >= this.#vocabulary) throw this.#damaged(from + i);
  }

  #damaged(place: number): UserError {
    return new UserError(`${this.#path} is damaged: token ${place} is none of the vocabulary's; ${REMEDY}`);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
