/** Joins the text of all ranks, as a single process would have it: its pieces in order, and their counts. */
import { join } from "@std/path";
import { collectFiles, gatherValues } from "../../ranks/messages.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { type Range, readRecords, type Spooled } from "./disk.ts";
import { countEvents, type EventSpool } from "./events.ts";
import type { Piece, Reader } from "./reading.ts";
import type { FileReport } from "./report.ts";
import { Histogram, Tally } from "./tally.ts";

/** A piece of the text of all ranks. */
interface Place extends Pick<Piece, "file" | "part"> {
  readonly rank: number;
  /** Its number among the pieces of its rank. */
  readonly index: number;
  /** The number of its first document. */
  readonly first: number;
}

/**
 * Numbers the documents of all ranks in the order of the text. Documents dropped later leave gaps.
 * @returns the pieces in that order, and how many numbers there are
 */
export function numberPieces(
  ranks: Ranks,
  pieces: readonly Piece[],
): { pieces: readonly Place[]; numbers: number } {
  const own = pieces.map(({ file, part, documents }, index) => ({
    rank: ranks.rank,
    index,
    file,
    part,
    documents,
  }));
  const all = gatherValues(ranks, own).flat().sort((a, b) => a.file - b.file || a.part - b.part);
  let numbers = 0;
  const numbered = all.map(({ documents, ...place }) => {
    const first = numbers;
    numbers += documents;
    return { ...place, first };
  });
  return { pieces: numbered, numbers };
}

/** Returns a function that tells which rank has a document. */
export function ownerOf(pieces: readonly Place[]): (document: number) => number {
  return (document) => {
    let low = 0, high = pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (pieces[middle].first <= document) low = middle;
      else high = middle;
    }
    return pieces[low].rank;
  };
}

/** The documents of a piece that passed the rules. */
export interface Passed {
  /** Where they are in the file of documents. */
  documents: Range;
  count: number;
  /** Where the rules' events are in the file of events. */
  events: Range;
}

/** What a rank contributes. */
interface Own {
  readonly ranks: Ranks;
  /** The folder with the files `documents` and `events`. */
  readonly scratch: string;
  readonly seed: number;
  readonly reader: Reader;
  readonly events: EventSpool;
  readonly pieces: readonly Place[];
  /** One entry per piece of this rank. */
  readonly passed: readonly Passed[];
}

export interface Text {
  /** The files that were read, each with its number. */
  readonly files: readonly (FileReport & { readonly number: number })[];
  readonly tally: Tally;
  /** Documents found, the characters in them, and how many documents passed. */
  readonly found: number;
  readonly cleaned: number;
  readonly passed: number;
  /** Lengths of the documents found. */
  readonly lengths: Histogram;
  /** The documents that passed, with their numbers; the next may overwrite a document's bytes. */
  documents(): Generator<readonly [number: number, record: Spooled]>;
}

/** Joins the text of all ranks on rank 0; returns null on the others. All ranks must call this. */
export function gatherText({ ranks, scratch, seed, reader, events, pieces, passed }: Own): Text | null {
  const { files, documents, cleaned, lengths } = reader;
  const all = gatherValues(ranks, {
    ...{ documents, cleaned, passed, lengths: lengths.buckets, others: events.others(), files: [...files] },
    read: reader.pieces.map(({ events }) => events),
  });
  const [documentFiles, eventFiles] = ["documents", "events"].map((name) =>
    collectFiles(ranks, join(scratch, name))
  );
  if (ranks.rank > 0) return null;
  const tally = new Tally(seed), joined = new Map<number, FileReport>(), histogram = new Histogram();
  for (const { rank, index } of pieces) countEvents(eventFiles[rank], all[rank].read[index], tally);
  for (const { rank, index } of pieces) countEvents(eventFiles[rank], all[rank].passed[index].events, tally);
  for (const { others, files, lengths } of all) {
    for (const event of others) tally.add(...event);
    histogram.merge(lengths);
    for (const [number, { characters, documents, ...file }] of files) {
      const before = joined.get(number) ?? { characters: 0, documents: 0 };
      joined.set(number, {
        ...file,
        characters: before.characters + characters,
        documents: before.documents + documents,
      });
    }
  }
  const sum = (of: (own: typeof all[number]) => number) => all.reduce((sum, own) => sum + of(own), 0);
  return {
    files: [...joined].sort(([a], [b]) => a - b).map(([number, file]) => ({ number, ...file })),
    tally,
    found: sum(({ documents }) => documents),
    cleaned: sum(({ cleaned }) => cleaned),
    passed: sum(({ passed }) => passed.reduce((sum, { count }) => sum + count, 0)),
    lengths: histogram,
    *documents() {
      for (const { rank, index, first } of pieces) {
        let number = first;
        for (const record of readRecords(documentFiles[rank], all[rank].passed[index].documents)) {
          yield [number++, record];
        }
      }
    },
  };
}
