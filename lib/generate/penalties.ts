/** Penalties for repetition, and biases: what changes logits before a token is chosen. */

export interface Penalties {
  /** Subtracted once from the logit of each token that the answer has; 0 by default. */
  readonly presencePenalty?: number;
  /** Subtracted from a token's logit for every time that the answer has it; 0 by default. */
  readonly frequencyPenalty?: number;
  /**
   * Divides the logits above 0, and multiplies those below, of tokens that prompt or answer have; 1 by default.
   * Keskar et al., CTRL, arXiv:1909.05858; what Hugging Face's libraries call `repetition_penalty`.
   */
  readonly repetitionPenalty?: number;
  /** Added to the logits of single tokens. */
  readonly logitBias?: ReadonlyMap<number, number>;
}

/** The tokens of one sequence, and what they do to its logits. */
export class Penalizer {
  readonly #options: Required<Penalties>;
  readonly #prompt: ReadonlySet<number>;
  /** How often the answer has each of its tokens. */
  readonly #counts = new Map<number, number>();

  private constructor(prompt: Iterable<number>, options: Required<Penalties>) {
    this.#options = options;
    this.#prompt = new Set(options.repetitionPenalty === 1 ? [] : prompt);
  }

  /** Null if the options change no logit, so that a sequence without penalties pays nothing. */
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

  /** A changed copy: first the repetition penalty, which depends on a logit's sign, then what is added. */
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
