/** A decoder's config: its sizes, and a choice of parts. Any combination can be trained. */
import type { Activation } from "../ops/mlp.ts";
import { inductionFault } from "./induction_init.ts";

export const POSITIONS = ["learned", "rope", "alibi", "none"] as const;
export const NORMS = ["layer", "rms"] as const;
/** The MLPs, and the names of their activations in transformers. */
export const MLPS = { gelu: "gelu_pytorch_tanh", swiglu: "silu", relu2: "relu2" } as const satisfies Record<
  Activation,
  string
>;

export interface ModelConfig {
  /** V, the number of tokens. */
  readonly vocab: number;
  /** The longest sequence that the model is trained on, in tokens. */
  readonly context: number;
  readonly layers: number;
  /** H, heads of queries. */
  readonly heads: number;
  /** G, heads of keys and values, each shared by H / G heads of queries. */
  readonly kvHeads: number;
  /** D, columns of a head. */
  readonly headWidth: number;
  /** C, columns of the residual stream. */
  readonly width: number;
  /** F, columns of the MLP's hidden layer. */
  readonly hidden: number;
  /** How positions are encoded: an embedding, a rotation of queries and keys, a bias of scores, or not at all. */
  readonly position: typeof POSITIONS[number];
  /** RoPE's θ, the base of the angles' wavelengths. */
  readonly ropeTheta: number;
  readonly norm: typeof NORMS[number];
  readonly normEpsilon: number;
  readonly mlp: Activation;
  /** An RMS norm of every head's queries and keys. */
  readonly qkNorm: boolean;
  /** A tanh keeps logits within ± this; 0 for no bound. */
  readonly softcap: number;
  /** Whether linear layers and layer norms have a bias. */
  readonly bias: boolean;
  /** Whether the head shares the token embedding's weights. */
  readonly tied: boolean;
  /** Whether the projections into the residual stream start at zero. */
  readonly zeroInit: boolean;
  /** Whether some heads start as induction heads (`induction_init.ts`). */
  readonly inductionInit: boolean;
  /** Probability of dropping an activation or an attention weight while training. */
  readonly dropout: number;
}

/** The options that define a family; the others are sizes and training settings. */
export type FamilyOptions = Pick<
  ModelConfig,
  "position" | "norm" | "normEpsilon" | "mlp" | "qkNorm" | "softcap" | "bias" | "tied"
>;

/** GPT-2's options (Radford et al., 2019), which are the defaults. */
export const GPT2_OPTIONS = {
  position: "learned",
  norm: "layer",
  normEpsilon: 1e-5,
  mlp: "gelu",
  qkNorm: false,
  softcap: 0,
  bias: true,
  tied: true,
} as const satisfies FamilyOptions;

/** The sizes, and any options that differ from GPT-2's. */
export type ModelOptions =
  & Pick<ModelConfig, "vocab" | "context" | "layers" | "heads" | "width">
  & Partial<ModelConfig>;

/**
 * Fills in what is not given: GPT-2's options, and sizes that follow from other sizes.
 * @throws {ConfigError} naming the key, if the combination is impossible
 */
export function modelConfig(given: ModelOptions): ModelConfig {
  const { heads, width, mlp = GPT2_OPTIONS.mlp } = given;
  const config: ModelConfig = {
    kvHeads: heads,
    headWidth: width / heads,
    hidden: defaultHidden(mlp, width),
    ropeTheta: 10_000,
    zeroInit: false,
    inductionInit: false,
    dropout: 0,
    ...GPT2_OPTIONS,
    ...given,
  };
  const fault = configFault(config);
  if (fault) throw new ConfigError(fault.key, fault.why);
  return config;
}

/** Four times the width. SwiGLU has a third matrix, so it gets fewer columns, for about as many parameters. */
function defaultHidden(mlp: Activation, width: number): number {
  return mlp === "swiglu" ? 8 * Math.ceil(width / 3) : 4 * width;
}

/**
 * The same model with another context, which may be longer than in training unless positions are learned.
 * @throws {ConfigError} if positions are learned and the context is longer
 */
export function withContext(c: ModelConfig, context: number): ModelConfig {
  if (c.position === "learned" && context > c.context) {
    throw new ConfigError(
      "context",
      `learned positions end with the ${c.context} that the model was trained with`,
    );
  }
  return { ...c, context };
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly key: keyof ModelConfig, readonly why: string) {
    super(`${key}: ${why}`);
  }
}

/** The first key that makes a config impossible, and why; null if there is none. */
export function configFault(c: ModelConfig): { key: keyof ModelConfig; why: string } | null {
  if (!Number.isInteger(c.headWidth)) {
    return { key: "heads", why: `a width of ${c.width} cannot be divided by ${c.heads} heads` };
  }
  if (c.heads % c.kvHeads !== 0) {
    return { key: "kvHeads", why: `${c.heads} heads cannot be shared out to ${c.kvHeads} key-value heads` };
  }
  if (c.position === "rope" && c.headWidth % 2 !== 0) {
    return {
      key: "headWidth",
      why: `rope turns pairs of columns, and a head's ${c.headWidth} columns are odd in number`,
    };
  }
  return c.inductionInit ? inductionFault(c) : null;
}
