/** The documents that are kept, in the form in which they are written: singly, or neighbours joined. */
import { CHUNK, recordsOf, SpoolBuffer, type Spooled } from "./disk.ts";
import { KEPT } from "./duplicates.ts";
import type { Document } from "./split.ts";

/** A document to write: one document that passed, or several neighbours joined. */
export class Packed implements Document {
  constructor(readonly index: number, readonly records: readonly Spooled[], readonly length: number) {}

  get file(): number {
    return this.records[0].file;
  }

  get text(): string {
    return this.records.map(({ text }) => text).join("\n\n");
  }
}

/**
 * Reads the documents that are kept, and joins neighbours of one file. The next document may overwrite a document's
 * bytes.
 * @param documents all of them, with their numbers
 * @param verdicts of `Duplicates`, by document number
 * @param pack most characters of joined documents; 0 joins none
 */
export function* readKept(
  documents: Iterable<readonly [number: number, record: Spooled]>,
  verdicts: Uint8Array,
  pack: number,
): Generator<Packed> {
  const held = new SpoolBuffer(CHUNK);
  let index = 0, file = -1, length = 0;
  for (const [number, record] of documents) {
    if (verdicts[number] !== KEPT) continue;
    const longer = length + 2 + record.length;
    const joined = held.length > 0 && file === record.file && longer <= pack;
    if (held.length > 0 && !joined) yield new Packed(index++, [...recordsOf(held.take())], length);
    held.copy(record);
    file = record.file;
    length = joined ? longer : record.length;
  }
  if (held.length > 0) yield new Packed(index, [...recordsOf(held.take())], length);
}
