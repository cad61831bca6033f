/** Checks of config.json that several families share. */
import { z } from "zod";

export const natural = z.number().int().positive();
export const probability = z.number().min(0).lt(1);
export const onlyTrue = z.literal(true).nullish();
export const onlyFalse = z.literal(false).nullish();

/** Keys of transformers' PretrainedConfig that would make the model something other than a plain decoder. */
export const plain = {
  add_cross_attention: onlyFalse,
  is_encoder_decoder: onlyFalse,
  quantization_config: z.null().optional(),
  /** Names custom code that comes with the model and may compute something else. */
  auto_map: z.null().optional(),
};
