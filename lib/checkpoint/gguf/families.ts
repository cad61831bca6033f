/** The families of models that llama.cpp computes as they are computed here. */
import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { Family } from "../../model/families/family.ts";
import { gpt2 } from "../../model/families/gpt2.ts";
import { llama } from "../../model/families/llama.ts";
import { qwen3 } from "../../model/families/qwen3.ts";

/** Each is called alike in `general.architecture` and in `model_type`. */
export const ggufFamilies: readonly Family[] = [gpt2, llama, qwen3];
export const familyNames = ggufFamilies.map(({ modelType }) => modelType).join(", ");

/**
 * The family that a model is of.
 * @param model how messages call it
 * @throws {UserError} naming the options that are in the way of the nearest family, if it is of none
 */
export function familyFor(config: ModelConfig, model: string): Family {
  const family = ggufFamilies.find((family) => family.toConfig(config));
  if (family) return family;
  const [nearest] = ggufFamilies.map((family) => ({ family, differs: differences(config, family) }))
    .sort((a, b) => a.differs.length - b.differs.length);
  throw new UserError(
    `${model}: ${
      nearest.differs.join(", ")
    }; GGUF has ${familyNames} alone, of which ${nearest.family.modelType} is the nearest: ` +
      "serve the model here, or train one of a family",
  );
}

const FIXED = ["position", "norm", "mlp", "qkNorm", "softcap"] as const;

/** What sets a model apart from a family, each as `position: alibi, not rope`. */
function differences(config: ModelConfig, { modelType, options }: Family): string[] {
  const fixed: Partial<ModelConfig> = Object.fromEntries(FIXED.map((key) => [key, options![key]]));
  const all = {
    ...fixed,
    ...modelType === "gpt2" ? { kvHeads: config.heads, headWidth: config.width / config.heads } : {},
    ...modelType === "qwen3" ? { bias: false } : {},
  };
  return Object.entries(all).flatMap(([key, theirs]) => {
    const ours = config[key as keyof ModelConfig];
    const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return ours === theirs ? [] : [`${name}: ${ours}, not ${theirs}`];
  });
}
