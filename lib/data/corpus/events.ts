/** Keeps on disk what the steps did to one rank's text, so that rank 0 can count it in the order of the text. */
import { CHUNK, PartWriter, type Range, readRecords, SpoolBuffer } from "./disk.ts";
import { type Counter, EventList, shorten, type Tally, type TallyEvent } from "./tally.ts";

export class EventSpool implements Counter, Disposable {
  readonly #file: PartWriter;
  /** Events with samples; their order matters. */
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

  /** Appends the events since the last flush to `part` of the file, and returns the part's new range. */
  flush(part: Range): Range {
    return this.#sampled.length === 0 ? part : this.#file.write(this.#sampled.take(), part);
  }

  /** The sums of the events without samples. */
  others(): TallyEvent[] {
    return this.#others.list();
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** Adds the events in a part of a spool to a tally. */
export function countEvents(path: string, part: Range, tally: Tally): void {
  for (const { text } of readRecords(path, part)) tally.add(...JSON.parse(text) as TallyEvent);
}
