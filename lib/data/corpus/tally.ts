/** Counts what every step changed and dropped, with samples, for the report. */
import { deriveSeed, uniform } from "../../tensor/random.ts";
import type { CorpusOptions } from "./options.ts";

interface StepKind {
  readonly unit: "characters" | "lines" | "documents";
  readonly what: string;
  /** Whether a preset switches the step on. */
  on(options: CorpusOptions): boolean;
}

const weighs = ({ sources }: CorpusOptions, test: (weight: number) => boolean) =>
  sources.some((source) => typeof source !== "string" && test(source.weight ?? 1));

const steps = {
  "bad input": {
    unit: "lines",
    what: "skipped: no JSON, no text in it, or not UTF-8",
    on: (o) => o.bad_input === "skip",
  },
  "byte order mark": { unit: "characters", what: "removed", on: (o) => o.clean.byte_order_mark },
  "line ends": { unit: "characters", what: "CR LF and CR turned to LF", on: (o) => o.clean.line_ends },
  "NFC": { unit: "characters", what: "composed with their accents", on: (o) => o.clean.nfc },
  "control characters": {
    unit: "characters",
    what: "removed, or turned to a plain blank",
    on: (o) => o.clean.control_characters,
  },
  "lowercase": { unit: "characters", what: "turned to lower case", on: (o) => o.lowercase },
  "long lines": { unit: "lines", what: "dropped", on: (o) => o.max_line_length > 0 },
  "unwrapping": { unit: "lines", what: "joined to the line before", on: (o) => o.unwrap },
  "long documents": { unit: "documents", what: "cut in pieces", on: (o) => o.max_document_length > 0 },
  "boilerplate": {
    unit: "lines",
    what: "dropped, as they stand in many documents",
    on: (o) => o.boilerplate !== false,
  },
  "short documents": { unit: "documents", what: "dropped", on: (o) => o.min_document_length > 1 },
  "symbols": {
    unit: "documents",
    what: "dropped for too many symbols",
    on: (o) => o.quality.symbols !== false,
  },
  "digits": { unit: "documents", what: "dropped for too many digits", on: (o) => o.quality.digits !== false },
  "repetition": {
    unit: "documents",
    what: "dropped, as they repeat themselves",
    on: (o) => o.quality.repetition !== false,
  },
  "alphabet": {
    unit: "documents",
    what: "dropped for letters of other alphabets",
    on: (o) => o.quality.alphabet !== false,
  },
  "language": {
    unit: "documents",
    what: "dropped, as they are in another language",
    on: (o) => o.quality.language !== false,
  },
  "final punctuation": {
    unit: "documents",
    what: "dropped, as they end without a punctuation mark",
    on: (o) => o.quality.final_punctuation,
  },
  "exact duplicates": { unit: "documents", what: "dropped", on: (o) => o.duplicates.exact },
  "near duplicates": { unit: "documents", what: "dropped", on: (o) => o.duplicates.near !== false },
  "packing": { unit: "documents", what: "joined to the one before", on: (o) => o.pack > 0 },
  "weights": {
    unit: "documents",
    what: "left out, as their source weighs less than 1",
    on: (o) => weighs(o, (weight) => weight < 1),
  },
  "repeats": {
    unit: "documents",
    what: "repeated, as their source weighs more than 1",
    on: (o) => weighs(o, (weight) => weight > 1),
  },
} satisfies Record<string, StepKind>;

/** The steps in the order in which they are applied. */
export const STEPS: Record<keyof typeof steps, StepKind> = steps;
export type Step = keyof typeof steps;

export interface StepReport {
  readonly step: Step;
  readonly on: boolean;
  readonly unit: string;
  readonly what: string;
  /** How many pieces (in `unit`) the step changed or dropped. */
  readonly count: number;
  /** Characters in them. */
  readonly characters: number;
  /** A few of them, drawn by seed and shortened. */
  readonly samples: readonly string[];
}

/** What a step did: how many pieces, characters in them, and one of them as a sample. */
export type TallyEvent = readonly [step: Step, count: number, characters: number, sample?: string];

export interface Counter {
  add(...event: TallyEvent): void;
}

/** Gathers events on a thread, for the main thread's tally. */
export class EventList implements Counter {
  readonly #sampled: TallyEvent[] = [];
  readonly #sums = new Map<Step, [number, number]>();

  add(...[step, count, characters, sample]: TallyEvent): void {
    if (sample !== undefined) this.#sampled.push([step, count, characters, shorten(sample)]);
    else {
      const [n, size] = this.#sums.get(step) ?? [0, 0];
      this.#sums.set(step, [n + count, size + characters]);
    }
  }

  list(): TallyEvent[] {
    return [...this.#sampled, ...[...this.#sums].map(([step, [n, size]]): TallyEvent => [step, n, size])];
  }
}

const SAMPLES = 5;

/** Text on one line of at most 160 characters. */
export function shorten(text: string): string {
  const line = text.slice(0, 400).replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length > 160 ? letters.slice(0, 159).join("") + "…" : line;
}

/**
 * A few of many, each equally likely: Vitter, "Random Sampling with a Reservoir" (ACM Transactions on
 * Mathematical Software 11, 1985), algorithm R.
 */
export class Reservoir<T> {
  readonly items: T[] = [];
  #seen = 0;
  readonly #seed: number;

  constructor(seed: number, name: string) {
    this.#seed = deriveSeed(seed, "samples", name);
  }

  /** `make` is called only if the item is drawn. */
  offer(make: () => T): void {
    const at = this.#seen < SAMPLES
      ? this.#seen
      : Math.floor(uniform(this.#seed, this.#seen) * (this.#seen + 1));
    this.#seen++;
    if (at < SAMPLES) this.items[at] = make();
  }
}

/** Documents by length: bucket i counts those of 2^i to 2^(i+1) - 1 characters. */
export class Histogram {
  readonly buckets: number[] = [];

  add(length: number): void {
    const i = 31 - Math.clz32(Math.max(1, length));
    while (this.buckets.length <= i) this.buckets.push(0);
    this.buckets[i]++;
  }

  merge(buckets: readonly number[]): void {
    while (this.buckets.length < buckets.length) this.buckets.push(0);
    buckets.forEach((n, i) => this.buckets[i] += n);
  }
}

export class Tally implements Counter {
  readonly #seed: number;
  readonly #counts = new Map<Step, { count: number; characters: number; samples: Reservoir<string> }>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(...[step, count, characters, sample]: TallyEvent): void {
    let entry = this.#counts.get(step);
    if (!entry) {
      entry = { count: 0, characters: 0, samples: new Reservoir(this.#seed, step) };
      this.#counts.set(step, entry);
    }
    entry.count += count;
    entry.characters += characters;
    if (sample !== undefined) entry.samples.offer(() => shorten(sample));
  }

  count(step: Step): number {
    return this.#counts.get(step)?.count ?? 0;
  }

  /** The steps that dropped something, with how much: for a message. */
  dropped(): string {
    const dropping = (Object.keys(STEPS) as Step[]).filter((step) =>
      this.count(step) > 0 && /dropped|skipped|left out/.test(STEPS[step].what)
    );
    return dropping.map((step) => `${step}: ${this.count(step)} ${STEPS[step].unit}`).join(", ");
  }

  report(options: CorpusOptions): StepReport[] {
    return (Object.keys(STEPS) as Step[]).map((step) => {
      const { unit, what, on } = STEPS[step];
      const { count, characters, samples } = this.#counts.get(step) ??
        { count: 0, characters: 0, samples: { items: [] } };
      return { step, on: on(options), unit, what, count, characters, samples: samples.items };
    });
  }
}
