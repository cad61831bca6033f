/** Documents on disk, one JSON line each, and the token streams made of them. */
import { UserError } from "../errors.ts";
import { special } from "../text/special.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

export function encodeDocuments(documents: readonly string[]): string {
  return documents.map((text) => JSON.stringify({ text }) + "\n").join("");
}

/** @throws {UserError} if a line is no document, with its number */
export async function readDocuments(path: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, i) => {
    try {
      const { text } = JSON.parse(line);
      if (typeof text === "string") return text;
    } catch {
      // told below, as for a line without a text
    }
    throw new UserError(`${path}:${i + 1}: no {"text": …} line; make the file with deno task prepare-corpus`);
  });
}

/** All documents as `<bos> text <eos>`, one after another. */
export function tokenStream(documents: readonly string[], tokenizer: Tokenizer): Uint32Array<ArrayBuffer> {
  const encoded = documents.map((text) => tokenizer.encode(text));
  const stream = new Uint32Array(encoded.reduce((sum, ids) => sum + ids.length + 2, 0));
  let at = 0;
  for (const ids of encoded) {
    stream[at] = special("<bos>");
    stream.set(ids, at + 1);
    at += ids.length + 2;
    stream[at - 1] = special("<eos>");
  }
  return stream;
}
