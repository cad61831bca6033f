/** What steps did to the text of one rank, on disk, so that rank 0 can count it in the order of the text. */
import { CHUNK, PartWriter, type Range, readRecords, SpoolBuffer } from "./disk.ts";
import { type Counter, EventList, shorten, type Tally, type TallyEvent } from "./tally.ts";

export class EventSpool implements Counter, Disposable {
  readonly #file: PartWriter;
  /** Events with samples, of which the order matters. */
  readonly #sampled = new SpoolBuffer(CHUNK);
  readonly #others = new EventList();

  constructor(path: string) {
    this.#file = new PartWriter(path);
  }

  add(...event: TallyEvent): void {
    const [step, count, characters, sample] = event;
    if (sample === undefined) this.#others.add(...event);
    else this.#sampled.add(JSON.stringify([step, count, characters, shorten(sample)]), 0);
  }

  /** Writes what has come since the last time; it belongs to that part of the file, which is returned. */
  flush(part: Range): Range {
    return this.#sampled.length === 0 ? part : this.#file.write(this.#sampled.take(), part);
  }

  /** Those without samples, added up. */
  others(): TallyEvent[] {
    return this.#others.list();
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** Counts the events of a part of a spool. */
export function countEvents(path: string, part: Range, tally: Tally): void {
  for (const { text } of readRecords(path, part)) tally.add(...JSON.parse(text) as TallyEvent);
}
