/** The devices that a server's models share, with their threads and the memory that closed models free. */
import type { Device } from "../device/device.ts";
import { type DeviceChoice, openDevice } from "../device/open.ts";

export class SharedDevices {
  readonly #choice: DeviceChoice;
  /** At most one device of each kind. */
  readonly #open = new Map<Device["name"], Device>();
  /** One search at a time, so that two models do not open two devices. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(choice: DeviceChoice) {
    this.#choice = choice;
  }

  /**
   * The device for a model: the same as for the others. With `auto` it is the cpu if the model does not fit on the GPU
   * any more. A device that has failed is replaced.
   * @param trial runs the model's work on a GPU, to see whether it fits
   */
  for(trial: (gpu: Device) => Promise<unknown>): Promise<Device> {
    const found = this.#last.then(() => this.#find(trial));
    this.#last = found.catch(() => {});
    return found;
  }

  async #find(trial: (gpu: Device) => Promise<unknown>): Promise<Device> {
    for (const [name, device] of this.#open) {
      if (device.fault === null) continue;
      device.close();
      this.#open.delete(name);
    }
    const [there] = this.#open.values();
    // Only a GPU needs a trial. It runs on a separate device, so that a failure does not affect the other models.
    if (there && !(this.#choice === "auto" && this.#open.has("webgpu"))) return there;
    const { device } = await openDevice(this.#choice, { trial });
    const shared = this.#open.get(device.name);
    if (shared) device.close();
    else this.#open.set(device.name, device);
    return shared ?? device;
  }

  /** Bytes allocated on all of them. */
  memory(): number {
    return [...this.#open.values()].reduce((sum, device) => sum + device.memory().used, 0);
  }

  /** Frees everything. */
  async close(): Promise<void> {
    await this.#last;
    for (const device of this.#open.values()) device.close();
    this.#open.clear();
  }
}
