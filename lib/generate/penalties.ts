/** Penalties for repetition, and biases, which change logits before a token is chosen. */

export interface Penalties {
  /** Subtracted once from the logit of each token that is already in the answer; 0 by default. */
  readonly presencePenalty?: number;
  /** Subtracted from a token's logit for each time that it is already in the answer; 0 by default. */
  readonly frequencyPenalty?: number;
  /**
   * Divides positive logits, and multiplies negative ones, of tokens that are in the prompt or answer; 1 by default.
   * Keskar et al., CTRL, arXiv:1909.05858; `repetition_penalty` in Hugging Face's libraries.
   */
  readonly repetitionPenalty?: number;
  /** Added to the logits of single tokens. */
  readonly logitBias?: ReadonlyMap<number, number>;
}

/** Counts the tokens of one sequence, and applies its penalties to logits. */
export class Penalizer {
  readonly #options: Required<Penalties>;
  readonly #prompt: ReadonlySet<number>;
  /** How often each token is in the answer. */
  readonly #counts = new Map<number, number>();

  private constructor(prompt: Iterable<number>, options: Required<Penalties>) {
    this.#options = options;
    this.#prompt = new Set(options.repetitionPenalty === 1 ? [] : prompt);
  }

  /** Null if the options change no logit, so that a sequence without penalties costs nothing. */
  static of(prompt: Iterable<number>, options: Penalties): Penalizer | null {
    const { presencePenalty = 0, frequencyPenalty = 0, repetitionPenalty = 1, logitBias = new Map() } =
      options;
    if (presencePenalty === 0 && frequencyPenalty === 0 && repetitionPenalty === 1 && logitBias.size === 0) {
      return null;
    }
    return new Penalizer(prompt, { presencePenalty, frequencyPenalty, repetitionPenalty, logitBias });
  }

  /** Counts a token of the answer. */
  add(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  /** A changed copy of logits: first the repetition penalty, which depends on their sign, then the added terms. */
  applied(logits: Float32Array): Float32Array {
    const { presencePenalty, frequencyPenalty, repetitionPenalty, logitBias } = this.#options;
    const changed = logits.slice();
    if (repetitionPenalty !== 1) {
      for (const id of this.#prompt.union(this.#counts)) {
        changed[id] *= changed[id] > 0 ? 1 / repetitionPenalty : repetitionPenalty;
      }
    }
    for (const [id, count] of this.#counts) changed[id] -= presencePenalty + count * frequencyPenalty;
    for (const [id, bias] of logitBias) changed[id] += bias;
    return changed;
  }
}
