/** Reads a run's `metrics.jsonl` as it grows, in bounded memory. */
import { letOthersIn } from "../event_loop.ts";
import { Curve, type Place } from "./curve.ts";

export interface Sample {
  readonly step: number;
  readonly text: string;
}

/** Bytes read at a time; longer lines are skipped. */
const CHUNK = 1 << 20;
/** The most samples that are kept: when there are more, every other one is dropped. */
const MOST_SAMPLES = 64;
/** Characters kept of a sample. */
const LONGEST_SAMPLE = 4000;

type Json = Readonly<Record<string, unknown>>;

export class MetricsFile {
  readonly #path: string;
  /** The offset to continue reading at, and the identity of the file. */
  #at = 0;
  #file = "";
  /** Whether a line that is too long is being skipped. */
  #skipping = false;
  #reading: Promise<boolean> | null = null;
  /** How often the file was found to be a different one, and was read from the start again. */
  generation = 0;
  /** Tokens per step, for a run whose lines do not count tokens. */
  tokensPerStep: number | null = null;
  /** When the file was last written to; null if it is gone. */
  modified: Date | null = null;
  training = new Curve();
  validation = new Curve();
  /** Validation of the averaged weights. */
  average = new Curve();
  /** Figures on training data, if the stage measures them. */
  seen = new Curve();
  samples: Sample[] = [];
  /** The last line with a loss, and the last with figures on held-out data. */
  last: Json | null = null;
  lastValidation: { readonly step: number; readonly figures: Readonly<Record<string, number>> } | null = null;
  #place: Place = { step: 0 };

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads what has been added. Returns whether the file exists. */
  update(): Promise<boolean> {
    return this.#reading ??= this.#update().finally(() => this.#reading = null);
  }

  async #update(): Promise<boolean> {
    const info = await Deno.stat(this.#path).catch(() => null);
    this.modified = info?.mtime ?? null;
    if (!info?.isFile) return false;
    const identity = `${info.dev} ${info.ino}`;
    if (identity !== this.#file || info.size < this.#at) this.#restart(identity);
    if (info.size === this.#at) return true;
    try {
      using file = await Deno.open(this.#path);
      await this.#readOn(file, info.size);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.modified = null;
    }
    return this.modified !== null;
  }

  #restart(identity: string): void {
    this.#file = identity;
    this.#at = 0;
    this.#skipping = false;
    this.generation++;
    this.training = new Curve();
    this.validation = new Curve();
    this.average = new Curve();
    this.seen = new Curve();
    this.samples = [];
    this.last = this.lastValidation = null;
    this.#place = { step: 0 };
  }

  async #readOn(file: Deno.FsFile, size: number): Promise<void> {
    const bytes = new Uint8Array(Math.min(CHUNK, size - this.#at));
    for (;;) {
      await file.seek(this.#at, Deno.SeekMode.Start);
      let got = 0;
      for (let n: number | null; got < bytes.length && (n = await file.read(bytes.subarray(got)));) got += n;
      const end = bytes.subarray(0, got).lastIndexOf(10) + 1;
      if (end > 0) {
        // A line that was too long for a chunk ends here.
        const from = this.#skipping ? bytes.indexOf(10) + 1 : 0;
        this.#skipping = false;
        this.#addLines(new TextDecoder().decode(bytes.subarray(from, end)));
        this.#at += end;
      } else if (got === CHUNK) {
        this.#skipping = true;
        this.#at += got;
      }
      if (got < CHUNK || this.#at >= size) return;
      await letOthersIn();
    }
  }

  #addLines(text: string): void {
    const lines = text.split("\n");
    lines.pop();
    for (const line of lines) {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        continue; // a line cut off when the process was killed
      }
      if (typeof value === "object" && value !== null) this.#add(value as Json);
    }
  }

  /** Older runs did not record tokens and seconds, but the average tokens per second so far. */
  #placeOf({ tokens, seconds, tokens_per_s }: Json, step: number): Place {
    const read = isNumber(tokens)
      ? tokens
      : this.tokensPerStep === null
      ? undefined
      : step * this.tokensPerStep;
    const trained = isNumber(seconds)
      ? seconds
      : read !== undefined && isNumber(tokens_per_s) && tokens_per_s > 0
      ? read / tokens_per_s
      : undefined;
    return { step, tokens: read, seconds: trained };
  }

  #add(line: Json): void {
    const { step, loss, lr, norm, tokens_per_s, validation, average, seen, sample } = line;
    if (!isNumber(step)) return;
    if (isNumber(loss)) {
      this.#place = this.#placeOf(line, step);
      this.training.add(this.#place, { loss, lr, norm, tokens_per_s });
      this.last = line;
    }
    // The other kinds of lines have no tokens or time: they come right after the line of their step.
    if (isFigures(validation)) {
      this.validation.add({ ...this.#place, step }, validation);
      const figures = Object.entries(validation).filter((entry): entry is [string, number] =>
        isNumber(entry[1])
      );
      this.lastValidation = { step, figures: Object.fromEntries(figures.slice(0, 32)) };
    }
    if (isFigures(average)) this.average.add({ ...this.#place, step }, average);
    if (isFigures(seen)) this.seen.add({ ...this.#place, step }, seen);
    if (typeof sample === "string") {
      this.samples.push({ step, text: sample.slice(0, LONGEST_SAMPLE) });
      if (this.samples.length > MOST_SAMPLES) this.samples = this.samples.filter((_, i) => i % 2 === 0);
    }
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isFigures = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
