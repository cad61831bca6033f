/**
 * Encoded documents on disk. Training reads only the ranges that it needs, so memory does not grow with the text.
 *
 * A shard is a safetensors file with one tensor, `tokens`: the documents as `<bos> text <eos>`, one after another, with
 * 16 bits per token if the vocabulary allows it, else 32. Its metadata hold the hash of the tokenizer and the number
 * of documents.
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

/** How tokens are stored in a shard. */
const FORMATS = { U16: Uint16Array, U32: Uint32Array };
type Format = keyof typeof FORMATS;

const formatFor = ({ size }: Pick<Tokenizer, "size">): Format => size <= 2 ** 16 ? "U16" : "U32";

/** Bytes per token in a shard, for a vocabulary of that size. */
export const bytesPerToken = (size: number): number => FORMATS[formatFor({ size })].BYTES_PER_ELEMENT;

/** Identifies a tokenizer. */
const tokenizerHash = (tokenizer: Tokenizer) => hashContent(JSON.stringify(tokenizer.toJson()));

export interface ShardOptions {
  readonly tokenizer: Tokenizer;
  /** Decides the order of the documents. */
  readonly seed: number;
  /** Size of the shard, roughly. */
  readonly bytes: number;
  /** The processes that share the work; by default there is one. */
  readonly ranks?: Ranks;
}

export interface Encoded {
  readonly documents: number;
  readonly tokens: number;
  /** How often each token occurs in the text, without the `<bos>` and `<eos>` around documents. */
  readonly counts: Float64Array;
}

/**
 * Encodes documents and writes them in random order. Temporary files take as much disk space again as the shard.
 * Several ranks can share the work: all must call this, and rank 0 writes.
 * @param blocks this rank's documents; the order of all is every rank's first block, then every rank's second, …
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

/** Encodes documents; on rank 0, `take` gets those of all ranks in order. */
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

/** Sends the records of all ranks to rank 0, which yields them in the order of the ranks. */
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

/** A shard open for reading by range. */
export class Shard implements TokenStream, Disposable {
  readonly length: number;
  readonly documents: number;
  readonly #path: string;
  readonly #file: ReadFile;
  readonly #format: Format;
  /** Bytes of the file before the tokens. */
  readonly #before: number;
  /** Number of ids in the vocabulary. */
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

  /** @throws {UserError} if a token is not in the vocabulary, or the file has been truncated since it was opened */
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
