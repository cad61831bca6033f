/** Which rank reads what. */
import { sizeOf } from "./digest_threads.ts";
import type { Source, SourceFile } from "./sources.ts";

/** A file with its number among all files of all sources. */
export interface Numbered {
  readonly number: number;
  readonly file: SourceFile;
  readonly source: Source;
}

/** Files that one rank reads one after another. */
export interface Work {
  readonly files: readonly Numbered[];
  /** Most characters to read. */
  readonly limit: number;
  /** Size on disk; Infinity if unknown. */
  readonly bytes: number;
}

/** Small files are grouped into works of about this many bytes. */
const ENOUGH = 8e6;

export function numbered(sources: readonly Source[]): Numbered[] {
  return sources.flatMap((source) => source.files.map((file) => ({ file, source })))
    .map((each, number) => ({ ...each, number }));
}

/**
 * Groups the files into works, except worlds, which all ranks generate together. Files of a source with a limit stay
 * together, as the limit applies to all of them.
 */
export async function worksOf(files: readonly Numbered[]): Promise<Work[]> {
  const works: Work[] = [];
  for (const each of files) {
    const { file, source: { limit } } = each;
    if (file.world) continue;
    const bytes = await sizeOf([file]), last = works.at(-1), before = last?.files.at(-1);
    const follows = last && before && before.number === each.number - 1;
    const joins = follows &&
      (limit === Infinity
        ? last.limit === Infinity && last.bytes + bytes <= ENOUGH
        : before.source === each.source);
    if (joins) works[works.length - 1] = { ...last, files: [...last.files, each], bytes: last.bytes + bytes };
    else works.push({ files: [each], limit, bytes });
  }
  return works;
}

/** The works of a rank. Works are dealt from the largest on, each to the rank that has the least so far. */
export function dealWorks(works: readonly Work[], { rank, size }: { rank: number; size: number }): Work[] {
  const largest = Math.max(...works.map(({ bytes }) => Number.isFinite(bytes) ? bytes : 0), 1);
  const weights = works.map(({ bytes }) => Number.isFinite(bytes) ? bytes : largest);
  const loads = new Float64Array(size), owners = new Map<number, number>();
  for (const i of weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b)) {
    const owner = loads.indexOf(Math.min(...loads));
    owners.set(i, owner);
    loads[owner] += weights[i];
  }
  return works.filter((_, i) => owners.get(i) === rank);
}
