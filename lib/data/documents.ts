/** Documents on disk, one JSON line each, and the token streams made of them. */
import { UserError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type Range, readLines } from "./lines.ts";

const REMEDY = "make the file with deno task prepare-corpus";

/**
 * @param range whole lines of the file, in bytes; by default all of them
 * @throws {UserError} if the file cannot be read, or a line is no document (with the line's number)
 */
export async function* eachDocument(path: string, range?: Range): AsyncGenerator<string> {
  const after = range?.from ? ` after byte ${range.from}, line ` : ":";
  let number = 1;
  for await (const line of readLines(path, REMEDY, { range })) {
    yield documentOf(line, `${path}${after}${number++}`);
  }
}

/** All of them at once. */
export const readDocuments = (path: string): Promise<string[]> => Array.fromAsync(eachDocument(path));

function documentOf(line: string, where: string): string {
  try {
    const { text } = JSON.parse(line);
    if (typeof text === "string") return text;
  } catch {
    // reported below, like a line without a text
  }
  throw new UserError(`${where}: no {"text": …} line; ${REMEDY}`);
}

/** All documents as `<bos> text <eos>`, one after another. */
export function tokenStream(documents: readonly string[], tokenizer: Tokenizer): Uint32Array<ArrayBuffer> {
  const encoded = documents.map((text) => tokenizer.encode(text));
  const stream = new Uint32Array(encoded.reduce((sum, ids) => sum + ids.length + 2, 0));
  let at = 0;
  for (const ids of encoded) {
    stream[at] = tokenizer.special.bos;
    stream.set(ids, at + 1);
    at += ids.length + 2;
    stream[at - 1] = tokenizer.special.eos;
  }
  return stream;
}
