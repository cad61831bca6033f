/** The weights that models of the server share: those of a base, and of any adapters beside it. */
import { resolve } from "@std/path";
import { type AdapterBase, isOfBase } from "../checkpoint/adapted.ts";
import type { CheckpointInfo } from "../checkpoint/checkpoint.ts";
import { Batcher, type BatcherOptions } from "../generate/batch.ts";
import type { Decoder } from "../model/decoder.ts";

export interface Base {
  readonly decoder: Decoder;
  /** Writes for all of its models: sequences of several adapters share passes. */
  readonly batcher: Batcher;
}

interface Shared {
  readonly base: Promise<Base>;
  /** Models that use it. */
  users: number;
  /** It, once it is open. */
  ready: Base | null;
}

/** What tells a base from another one, and from itself trained anew: where it is, and the hashes of its numbers. */
export function baseKey(folder: string, { adapter, files }: CheckpointInfo): string {
  const base: AdapterBase = adapter?.base ?? {
    folder,
    files: Object.fromEntries(Object.entries(files).filter(([name]) => isOfBase(name))),
  };
  return JSON.stringify([resolve(base.folder), Object.entries(base.files).sort()]);
}

export class Bases {
  readonly #limits: BatcherOptions;
  readonly #shared = new Map<string, Shared>();

  constructor(limits: BatcherOptions) {
    this.#limits = limits;
  }

  /**
   * A base, opened by the first model that takes it, or anew if its device has failed.
   * @param open brings its weights onto a device
   * @returns it, with what gives it back
   */
  async take(
    key: string,
    open: () => Promise<Decoder>,
  ): Promise<Base & { readonly giveBack: () => Promise<void> }> {
    let shared = this.#shared.get(key);
    if (!shared || shared.ready && shared.ready.decoder.parameters.device.fault !== null) {
      const base = open().then((decoder) => ({ decoder, batcher: new Batcher(decoder, this.#limits) }));
      this.#shared.set(key, shared = { base, users: 0, ready: null });
    }
    const own = shared;
    own.users++;
    const giveBack = async () => {
      if (--own.users > 0) return;
      if (this.#shared.get(key) === own) this.#shared.delete(key);
      await own.ready?.batcher.close();
      own.ready?.decoder.release();
    };
    try {
      own.ready = await own.base;
      return { ...own.ready, giveBack };
    } catch (error) {
      await giveBack();
      throw error;
    }
  }
}
