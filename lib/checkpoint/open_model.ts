/** Models that infer, from what was read of them: quantised matrices stay so. */
import type { Device } from "../device/device.ts";
import type { ModelConfig } from "../model/config.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { Parameters } from "../model/parameters.ts";
import type { LoadedModel } from "./huggingface.ts";

/** @param config the model's own by default, or one with another context */
export function openDecoder(
  device: Device,
  { values, quantised, config: own }: LoadedModel,
  config: ModelConfig = own,
): Decoder {
  const parameters = new Parameters(device, parameterSpecs(config), undefined, quantised);
  const model = new Decoder(device, config, parameters);
  model.load(values);
  return model;
}
