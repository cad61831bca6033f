/**
 * Continuous batching: sequences that are generated at the same time share forward passes. Each has a row of one
 * key-value cache; a new one enters as soon as a row is free, and a finished one leaves at once (Yu et al., Orca, OSDI
 * 2022). Sequences with different adapters can share a pass as well (S-LoRA, Sheng et al., arXiv:2311.03285). The event
 * loop runs between passes, so other work waits for one pass at most.
 */
import { letOthersIn } from "../event_loop.ts";
import type { Adapter } from "../model/adapter.ts";
import type { Decoder, DrawnTokens, Tokens } from "../model/decoder.ts";
import { sample, sampleToken, type Sampling, samplingSettings } from "../ops/sample.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import { empty, scope, upload } from "../tensor/tensor.ts";
import { CacheRows } from "./cache_rows.ts";
import { Penalizer, type Penalties } from "./penalties.ts";
import { type Candidate, candidates, checkFinite, notFinite } from "./sample.ts";

export interface GenerateOptions extends Sampling, Penalties {
  readonly maxNewTokens: number;
  readonly seed: number;
  /** The token that ends the text; it is not yielded. */
  readonly stop: number;
  /** How many of the most probable tokens to report with each token; undefined for none. */
  readonly alternatives?: number;
  /** The adapter to use, or null for none; the model's own adapter by default. */
  readonly adapter?: Adapter | null;
  /** Aborting it ends the text between two tokens. */
  readonly signal?: AbortSignal;
  /** Called when the sequence gets its row, with how many of the prompt's tokens the row already holds. */
  readonly onCached?: (tokens: number) => void;
}

export interface GeneratedToken {
  readonly id: number;
  readonly logprob?: number;
  readonly alternatives?: readonly Candidate[];
}

export type FinishReason = "stop" | "length" | "aborted";

export interface BatcherOptions {
  /** Sequences that share a pass. */
  readonly rows: number;
  /** Sequences that may wait for a row. */
  readonly queue: number;
  /** Tokens drawn per sequence before they are read back; by default 1, and more if reading back is slow. */
  readonly steps?: number;
}

/** Thrown when the queue of waiting sequences is full. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
}

/** Prompt tokens in one pass: long prompts are read in parts, so that other sequences go on meanwhile. */
const PREFILL = 64;

/** The most tokens drawn per sequence before they are read back. */
const MOST_STEPS = 16;

interface Sequence {
  readonly options: GenerateOptions;
  readonly seed: number;
  readonly penalizer: Penalizer | null;
  readonly adapter: Adapter | null;
  row: number;
  /** Tokens whose keys and values are not in the cache yet. */
  pending: number[];
  /** The last tokens, at least as many as fit into the context. */
  recent: number[];
  made: number;
  /** Tokens that the reader has not taken yet. */
  readonly ready: GeneratedToken[];
  finished: FinishReason | null;
  error: unknown;
  /** Wakes the reader. */
  wake: () => void;
}

/** The tokens of one forward pass. */
interface Pass {
  /** The sequences' tokens, padded to the same length. */
  readonly tokens: Tokens;
  /** The sequences' tokens without padding. */
  readonly taken: readonly (readonly number[])[];
  /** The cache's row of each sequence. */
  readonly rows: number[];
}

/** The tokens chosen for a sequence, given its index in the pass. An id below 0 means that a logit was not finite. */
type Choice = (sequence: Sequence, place: number) => readonly GeneratedToken[];

export class Batcher {
  readonly #model: Decoder;
  readonly #limits: BatcherOptions;
  readonly #rows: CacheRows;
  readonly #waiting: Sequence[] = [];
  readonly #active = new Set<Sequence>();
  #running: Promise<void> | null = null;
  /** Tokens drawn before they are read back, on devices where that is slow. */
  #steps = 1;
  #closed = false;

  constructor(model: Decoder, limits: BatcherOptions) {
    this.#model = model;
    this.#limits = limits;
    this.#rows = new CacheRows(model, limits.rows);
  }

  /** How many sequences are being generated, and how many are waiting. */
  get load(): { active: number; waiting: number } {
    return { active: this.#active.size, waiting: this.#waiting.length };
  }

  /**
   * Starts a sequence and yields its tokens as they come; the generator's return value says why the text ended. When
   * the context is full, its older half is forgotten and the newer half computed again. If the reader stops early,
   * the sequence ends.
   * @param prompt at least one token; if it is longer than the context, only its last tokens count
   * @throws {QueueFullError} if too many sequences are waiting already
   * @throws {RangeError} if the prompt is empty
   */
  generate(prompt: Uint32Array, options: GenerateOptions): AsyncGenerator<GeneratedToken, FinishReason> {
    if (this.#closed) throw new Error("the batcher is closed");
    if (prompt.length === 0) throw new RangeError("a prompt has at least one token, such as <bos>");
    if (this.#rows.free === 0 && this.#waiting.length >= this.#limits.queue) throw new QueueFullError();
    const pending = [...prompt.slice(-this.#model.config.context)];
    const sequence: Sequence = {
      options,
      seed: deriveSeed(options.seed, "generate"),
      penalizer: Penalizer.of(pending, options),
      adapter: options.adapter === undefined ? this.#model.adapter : options.adapter,
      row: -1,
      pending,
      recent: [...pending],
      made: 0,
      ready: [],
      finished: options.maxNewTokens > 0 ? null : "length",
      error: undefined,
      wake: () => {},
    };
    if (!sequence.finished) this.#waiting.push(sequence);
    this.#admit();
    if (this.#active.size > 0) this.#running ??= this.#run();
    return this.#read(sequence);
  }

  async *#read(sequence: Sequence): AsyncGenerator<GeneratedToken, FinishReason> {
    try {
      for (;;) {
        const token = sequence.ready.shift();
        if (token) yield token;
        else if (sequence.error !== undefined) throw sequence.error;
        else if (sequence.finished) return sequence.finished;
        else await new Promise<void>((resolve) => sequence.wake = resolve);
      }
    } finally {
      this.#finish(sequence, "aborted");
    }
  }

  /** Waits until no sequence with this adapter is active or waiting. */
  async without(adapter: Adapter): Promise<void> {
    const used = () => [...this.#active, ...this.#waiting].some((one) => one.adapter === adapter);
    while (used()) await this.#running;
  }

  /** Waits for running sequences, then releases the cache. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running) await this.#running;
    this.#rows.release();
  }

  #admit(): void {
    while (this.#rows.free > 0 && this.#waiting.length > 0) {
      const sequence = this.#waiting.shift()!;
      let taken: { row: number; cached: number };
      try {
        taken = this.#rows.take(sequence.pending, sequence.adapter);
      } catch (error) {
        this.#fail(sequence, error);
        continue;
      }
      sequence.row = taken.row;
      sequence.pending.splice(0, taken.cached);
      this.#active.add(sequence);
      sequence.options.onCached?.(taken.cached);
    }
  }

  /** Ends a sequence with an error. Its reader gets the error after the tokens before it. */
  #fail(sequence: Sequence, error: unknown): void {
    sequence.error = error;
    this.#finish(sequence, "aborted");
  }

  #finish(sequence: Sequence, why: FinishReason): void {
    sequence.finished ??= why;
    if (this.#active.delete(sequence)) this.#rows.give(sequence.row);
    const at = this.#waiting.indexOf(sequence);
    if (at >= 0) this.#waiting.splice(at, 1);
    sequence.wake();
    this.#admit();
  }

  async #run(): Promise<void> {
    while (this.#active.size > 0) {
      for (const sequence of [...this.#waiting, ...this.#active]) {
        if (sequence.options.signal?.aborted) this.#finish(sequence, "aborted");
      }
      const all = [...this.#active];
      all.forEach((sequence) => this.#slide(sequence));
      const reading = this.#readers(all);
      if (reading.length > 0) await this.#pass(reading);
      const writing = [...this.#active].filter((one) => one.pending.length === 1 && !reading.includes(one));
      if (writing.length > 0) await this.#pass(writing);
      await letOthersIn();
    }
    // Reset here, not where the promise is awaited: a sequence that starts in between needs a new run.
    this.#running = null;
  }

  /** Makes room in the context for at least one more token. */
  #slide(sequence: Sequence): void {
    const { context } = this.#model.config;
    if (this.#rows.length(sequence.row) + sequence.pending.length <= context) return;
    this.#rows.keep(sequence.row, 0);
    sequence.pending = sequence.recent.slice(-Math.ceil(context / 2));
  }

  /** Sequences whose prompts are read in the same pass: as many as fit, if their rows have room for the padding. */
  #readers(sequences: readonly Sequence[]): Sequence[] {
    const readers: Sequence[] = [];
    let time = 0;
    for (const sequence of sequences.filter(({ pending }) => pending.length > 1)) {
      const longest = Math.max(time, Math.min(PREFILL, sequence.pending.length));
      const fits = [...readers, sequence].every(({ row }) => {
        return this.#rows.length(row) + longest <= this.#model.config.context;
      });
      if (readers.length > 0 && (!fits || (readers.length + 1) * longest > 4 * PREFILL)) continue;
      readers.push(sequence);
      time = longest;
    }
    return readers;
  }

  /**
   * Runs a part of each sequence's pending tokens through the model, and chooses the next token if none is left.
   * Shorter sequences are padded on the right: no earlier position depends on padding, and the cache forgets it.
   */
  async #pass(sequences: readonly Sequence[]): Promise<void> {
    const { device } = this.#model.parameters;
    const rows = sequences.map(({ row }) => row);
    const room = Math.min(...rows.map((row) => this.#model.config.context - this.#rows.length(row)));
    const time = Math.min(PREFILL, room, Math.max(...sequences.map(({ pending }) => pending.length)));
    const taken = sequences.map(({ pending }) => pending.slice(0, time));
    const ids = new Uint32Array(rows.length * time);
    taken.forEach((tokens, i) => ids.set(tokens, i * time));
    const adapters = sequences.map(({ adapter }) => adapter);
    const pass: Pass = { tokens: { ids, batch: rows.length, time, adapters }, taken, rows };
    // Logits are needed only at the end of a prompt, not for its earlier parts.
    const chooses = sequences.some(({ pending }, i) => pending.length === taken[i].length);
    const onDevice = sequences.every(({ penalizer, options }) =>
      !penalizer && options.alternatives === undefined
    );
    const steps = onDevice && time === 1 ? this.#stepsOf(sequences, room) : 1;
    const before = rows.map((row) => this.#rows.length(row));
    let chosen: Choice | null = null;
    try {
      const reading = scope(() => {
        if (!chooses) this.#model.hidden(pass.tokens, this.#rows.cache, rows);
        else if (onDevice) return this.#draw(sequences, pass, steps);
        else return this.#readLogits(pass);
      });
      // Recorded before anything else can run: while this function waits, a row may change hands.
      rows.forEach((row, i) => this.#rows.add(row, taken[i]));
      if (reading) chosen = await reading;
      else device.flush();
    } catch (error) {
      sequences.forEach((sequence, i) => {
        if (!sequence.finished) this.#rows.keep(sequence.row, before[i]);
        this.#fail(sequence, error);
      });
      return;
    }
    sequences.forEach((sequence, i) => {
      sequence.pending = sequence.pending.slice(taken[i].length);
      if (sequence.pending.length > 0 || sequence.finished) return;
      try {
        this.#take(sequence, chosen!(sequence, i));
      } catch (error) {
        this.#fail(sequence, error);
      }
    });
  }

  /**
   * How many tokens to draw per sequence before they are read back. One if reading is fast; where it is slow, as on a
   * GPU, as many as take about 50 ms, so that other sequences do not wait longer.
   */
  #stepsOf(sequences: readonly Sequence[], room: number): number {
    const { device } = this.#model.parameters;
    if (!this.#limits.steps && device.view(this.#rows.cache.layers[0].keys.buffer)) return 1;
    const left = Math.max(...sequences.map(({ options, made }) => options.maxNewTokens - made));
    return Math.min(this.#limits.steps ?? this.#steps, room, left);
  }

  /** Draws tokens on the device, step by step, and reads them back together. */
  async #draw(sequences: readonly Sequence[], pass: Pass, steps: number): Promise<Choice> {
    const { device } = this.#model.parameters;
    const { taken, rows } = pass;
    const started = performance.now();
    const reading = scope(() => {
      const draws = Array.from(
        { length: steps },
        (_, step) =>
          sequences.map(({ options, seed, made }) => ({ ...options, draw: uniform(seed, made + step) })),
      );
      const settings = upload(device, [steps, rows.length, 4], samplingSettings(draws.flat()));
      const next = empty(device, [rows.length]), chosen = empty(device, [steps, rows.length]);
      let tokens: Tokens | DrawnTokens = pass.tokens;
      for (let step = 0; step < steps; step++) {
        const ends = taken.map((own) => step === 0 ? own.length - 1 : 0);
        scope(() => {
          const logits = this.#model.logitsAt(ends, tokens, this.#rows.cache, rows);
          sample(logits, settings, next, chosen, step);
        });
        tokens = { ...pass.tokens, ids: next, time: 1 };
      }
      return device.read(chosen.buffer);
    });
    const ids = await reading;
    const ms = performance.now() - started;
    if (steps === this.#steps) {
      this.#steps = ms < 25 ? Math.min(MOST_STEPS, 2 * steps) : ms > 50 ? Math.ceil(steps / 2) : steps;
    }
    return (_, i) => Array.from({ length: steps }, (_, step) => ({ id: ids[step * rows.length + i] }));
  }

  /** Reads back all logits, applies penalties, and draws from them. */
  async #readLogits({ tokens, taken, rows }: Pass): Promise<Choice> {
    const { config: { vocab }, parameters: { device } } = this.#model;
    const ends = taken.map((own) => own.length - 1);
    const all = await scope(() =>
      device.read(this.#model.logitsAt(ends, tokens, this.#rows.cache, rows).buffer)
    );
    return ({ penalizer, options, seed, made }, i) => {
      const logits = all.subarray(i * vocab, (i + 1) * vocab);
      checkFinite(logits);
      const id = sampleToken(penalizer?.applied(logits) ?? logits, options, uniform(seed, made));
      if (options.alternatives === undefined) return [{ id }];
      const { own, top } = candidates(logits, id, options.alternatives);
      return [{ id, logprob: own.logprob, alternatives: top }];
    };
  }

  /**
   * Adds the chosen tokens to a sequence, up to its end.
   * @throws {UserError} if a token could not be chosen
   */
  #take(sequence: Sequence, chosen: readonly GeneratedToken[]): void {
    const { options, penalizer, ready, recent } = sequence;
    const stop = chosen.findIndex(({ id }) => id < 0 || id === options.stop);
    const tokens = chosen.slice(
      0,
      Math.min(stop < 0 ? chosen.length : stop, options.maxNewTokens - sequence.made),
    );
    const ids = tokens.map(({ id }) => id);
    // The last chosen token has not been through the model yet.
    this.#rows.add(sequence.row, ids.slice(0, chosen.length - 1));
    ready.push(...tokens);
    recent.push(...ids);
    for (const id of ids) penalizer?.add(id);
    sequence.made += ids.length;
    sequence.pending = ids.slice(-1);
    const { context } = this.#model.config;
    if (recent.length > 2 * context) recent.splice(0, context);
    if (sequence.made >= options.maxNewTokens) this.#finish(sequence, "length");
    else if (stop < 0) sequence.wake();
    else if (chosen[stop].id < 0) throw notFinite();
    else this.#finish(sequence, "stop");
  }
}
