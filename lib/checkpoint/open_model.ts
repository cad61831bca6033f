/** Puts a loaded model on a device. Quantised matrices stay quantised, and adapters stay beside their base. */
import type { Device } from "../device/device.ts";
import { adapterIn, adapterSpecs } from "../model/adapter.ts";
import type { ModelConfig } from "../model/config.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { Parameters, type ParameterSpec } from "../model/parameters.ts";
import { valuesApart } from "./adapted.ts";
import type { LoadedModel } from "./huggingface.ts";

/**
 * A model for inference or training; if it has an adapter, only the adapter is trained.
 * @param config the model's own by default; may differ in context or dropout
 */
export function openDecoder(
  device: Device,
  loaded: LoadedModel,
  config: ModelConfig = loaded.config,
): Decoder {
  const { base = loaded, adapter } = loaded.unmerged ?? {};
  const specs = parameterSpecs(config), added = adapter ? adapterSpecs(specs, adapter.shape) : [];
  const trains = adapter ? (spec: ParameterSpec) => added.includes(spec) : undefined;
  const parameters = new Parameters(device, [...specs, ...added], trains, base.quantised);
  const model = new Decoder(device, config, parameters, adapter && adapterIn(parameters, adapter.shape));
  model.load(valuesApart(loaded));
  return model;
}
