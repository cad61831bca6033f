/**
 * Encoded documents on disk, from which a model is trained by range, so that memory does not grow with the text.
 *
 * A shard is a safetensors file with one tensor, `tokens`: the documents as `<bos> text <eos>`, one after another, in
 * 16 bits a token where the vocabulary fits, else in 32. Its metadata tell which vocabulary it is encoded with, and how
 * many documents it has.
 */
import { encodeHeader, type Header, readHeader } from "../safetensors_header.ts";
import { UserError } from "../errors.ts";
import { AtomicWriter, hashContent, ReadFile, throwWriteError } from "../files.ts";
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
}

export interface Encoded {
  readonly documents: number;
  readonly tokens: number;
  /** How often each token stands in the text; the marks around documents are not counted. */
  readonly counts: Float64Array;
}

/** Encodes documents, and writes them in random order. On its way there the text takes as much room on the disk. */
export async function writeShard(
  path: string,
  texts: AsyncIterable<string>,
  options: ShardOptions,
): Promise<Encoded> {
  const scratch = `${path}.tmp`;
  const remove = () => Deno.remove(scratch, { recursive: true }).catch(() => {});
  await remove();
  await Deno.mkdir(scratch, { recursive: true }).catch((error) => throwWriteError(error, scratch));
  try {
    return await encode(path, texts, scratch, options);
  } finally {
    await remove();
  }
}

async function encode(
  path: string,
  texts: AsyncIterable<string>,
  scratch: string,
  { tokenizer, seed, bytes }: ShardOptions,
): Promise<Encoded> {
  const format = formatFor(tokenizer), { bos, eos } = tokenizer.special;
  const counts = new Float64Array(tokenizer.size);
  const shuffle = new ExternalShuffle(scratch, { seed, bytes });
  let documents = 0, tokens = 0;
  for await (const text of texts) {
    const ids = tokenizer.encode(text);
    for (let i = 0; i < ids.length; i++) counts[ids[i]]++;
    const document = new FORMATS[format](ids.length + 2);
    document[0] = bos;
    document.set(ids, 1);
    document[ids.length + 1] = eos;
    shuffle.add(new Uint8Array(document.buffer));
    documents++;
    tokens += document.length;
  }
  const size = tokens * FORMATS[format].BYTES_PER_ELEMENT;
  const header = encodeHeader({
    __metadata__: { documents: String(documents), tokenizer: tokenizerHash(tokenizer) },
    tokens: { dtype: format, shape: [tokens], data_offsets: [0, size] },
  });
  await using file = await AtomicWriter.open(path);
  for (const part of header) file.write(part);
  for (const part of shuffle.drain()) file.write(part);
  await file.commit();
  return { documents, tokens, counts };
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
