/** Tries whether a model fits on a device. */
import type { Device } from "../device/device.ts";
import { scope } from "../tensor/tensor.ts";
import { Decoder } from "../model/decoder.ts";
import type { LoadedModel } from "./huggingface.ts";
import { openDecoder } from "./open_model.ts";

/**
 * Puts a model's weights on a device, runs it once on full contexts of zeros, and gives its memory back.
 * @param batch contexts at once
 * @throws {UserError} if the device is too small
 */
export async function inferOnce(
  device: Device,
  loaded: LoadedModel,
  batch = 1,
): Promise<void> {
  // A classifier has no language model's head, so only its decoder is tried.
  const model = loaded.head ? new Decoder(device, loaded.config) : openDecoder(device, loaded);
  const time = loaded.config.context;
  try {
    await scope(() => device.read(model.logits({ ids: new Uint32Array(batch * time), batch, time }).buffer));
  } finally {
    model.release();
  }
}
