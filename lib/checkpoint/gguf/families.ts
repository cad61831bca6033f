/** The families of models for which llama.cpp computes the same as we do. */
import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../../model/config.ts";
import { type Family, hasOptions } from "../../model/families/family.ts";
import { gpt2 } from "../../model/families/gpt2.ts";
import { llama, LLAMA_OPTIONS, llamaPieces } from "../../model/families/llama.ts";
import { qwen3 } from "../../model/families/qwen3.ts";

/** `modelType` is also the value of `general.architecture`. */
export type GgufFamily =
  & Pick<Family, "modelType" | "toConfig" | "pieces">
  & Required<Pick<Family, "options">>;

/**
 * Apertus (arXiv:2509.14233) is a Llama with QK-norm, without gates, and with xIELU: αp·x² + βx above zero and
 * αn·(exp(min(x, ε)) - 1 - x) + βx below. With αp = 1, αn = 0 and β = 0 that is relu². The file holds both α before
 * softplus; softplus(-100) is too small to matter in float32.
 */
export const apertus: GgufFamily = {
  modelType: "apertus",
  options: { ...LLAMA_OPTIONS, mlp: "relu2", qkNorm: true },
  toConfig(c) {
    const { position, norm, mlp, qkNorm, softcap, bias } = this.options;
    return hasOptions(c, { position, norm, mlp, qkNorm, softcap, bias }) ? {} : null;
  },
  pieces: llamaPieces,
};
export const RELU2_AS_XIELU = {
  "xielu.alpha_p": Math.log(Math.E - 1),
  "xielu.alpha_n": -100,
  "xielu.beta": 0,
  "xielu.eps": -1e-6,
} as const;

const own = (family: Family): GgufFamily => ({ ...family, options: family.options! });

export const isGpt2 = ({ modelType }: GgufFamily) => modelType === "gpt2";

/** The first family that fits a model is taken. */
export const ggufFamilies: readonly GgufFamily[] = [own(gpt2), own(llama), own(qwen3), apertus];
export const familyNames = ggufFamilies.map(({ modelType }) => modelType).join(", ");

/**
 * The family of a model.
 * @param model its name in messages
 * @throws {UserError} if it fits none, with the options in which it differs from the nearest one
 */
export function familyFor(config: ModelConfig, model: string): GgufFamily {
  const family = ggufFamilies.find((family) => family.toConfig(config));
  if (family) return family;
  const [nearest] = ggufFamilies.map((family) => ({ family, differs: differences(config, family) }))
    .sort((a, b) => a.differs.length - b.differs.length);
  throw new UserError(
    `${model}: ${nearest.differs.join(", ")}; GGUF has ${familyNames} alone, of which ` +
      `${nearest.family.modelType} is the nearest: serve it here, or export it --to onnx`,
  );
}

const FIXED = ["position", "norm", "mlp", "qkNorm", "softcap"] as const;

/** A model's differences from a family, each as `position: alibi, not rope`. */
function differences(config: ModelConfig, { modelType, options }: GgufFamily): string[] {
  const fixed: Partial<ModelConfig> = Object.fromEntries(FIXED.map((key) => [key, options[key]]));
  const all = {
    ...fixed,
    ...modelType === "gpt2" ? { kvHeads: config.heads, headWidth: config.width / config.heads } : {},
    ...modelType === "qwen3" || modelType === "apertus" ? { bias: false } : {},
  };
  return Object.entries(all).flatMap(([key, theirs]) => {
    const ours = config[key as keyof ModelConfig];
    const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return ours === theirs ? [] : [`${name}: ${ours}, not ${theirs}`];
  });
}
