/** What the finetunings train: the weights of a model, or an adapter beside them. */
import { baseOf, type SavedAdapter, withAdapter } from "../checkpoint/adapted.ts";
import { readBackbone } from "../checkpoint/backbone.ts";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { type AdapterOptions, adapterSpecs } from "../model/adapter.ts";
import { parameterSpecs } from "../model/decoder.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { deriveSeed } from "../tensor/random.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Frozen } from "./memory.ts";

export interface Learner extends LoadedModel {
  readonly tokenizer: Tokenizer;
  /** The checkpoint that training starts from. */
  readonly folder: string;
  /** With an adapter: what checkpoints record about it. */
  readonly adapter?: SavedAdapter | undefined;
  /** With an adapter: the sizes of the trained and the frozen part, for the memory estimate. */
  readonly frozen?: Frozen | undefined;
}

/**
 * Reads the model that a finetuning starts from. If an adapter is to be trained, it is added with no effect yet.
 * @param vocabulary the preset's vocabulary, for a model from elsewhere that has none
 * @throws {UserError} if the model is damaged, or the adapter does not fit it
 */
export async function readLearner(
  folder: string,
  vocabulary: string,
  { section, options, seed }: {
    readonly section: string;
    readonly options: AdapterOptions | undefined;
    readonly seed: number;
  },
): Promise<Learner> {
  const backbone = await readBackbone(folder, vocabulary, options !== undefined);
  if (!options) return backbone;
  const adapter = { options, base: await baseOf(backbone.folder) };
  const model = withAdapter(backbone, options, deriveSeed(seed, "adapter"), `${section}.adapter.`);
  return { ...backbone, ...model, adapter, frozen: frozenPart(model) };
}

/** How many parameters are trained in a model with an adapter, and how many bytes the frozen ones take. */
export function frozenPart({ config, unmerged }: LoadedModel): Frozen {
  const { base: { quantised }, adapter } = unmerged!;
  const size = ({ shape }: ParameterSpec) => shape.reduce((a, b) => a * b, 1);
  const specs = parameterSpecs(config);
  return {
    trained: adapterSpecs(specs, adapter.shape).reduce((sum, spec) => sum + size(spec), 0),
    bytes: specs.reduce((sum, spec) => sum + (quantised?.get(spec.name)?.bytes.length ?? 4 * size(spec)), 0),
  };
}

/** `88,064 of 1,234,567 parameters are trained, in an adapter of rank 8`; null if the whole model is trained. */
export function describeAdapter({ adapter, frozen }: Learner): string | null {
  if (!adapter || !frozen) return null;
  const { rank, targets } = adapter.options;
  return `an adapter of rank ${rank} beside ${targets.join(", ")}: ${
    frozen.trained.toLocaleString("en")
  } parameters are trained`;
}
