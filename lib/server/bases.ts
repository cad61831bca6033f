/** Base weights that several of the server's models share: the base itself, and its adapters. */
import { resolve } from "@std/path";
import { type AdapterBase, isOfBase } from "../checkpoint/adapted.ts";
import type { CheckpointInfo } from "../checkpoint/checkpoint.ts";
import { Batcher, type BatcherOptions } from "../generate/batch.ts";
import type { Decoder } from "../model/decoder.ts";

export interface Base {
  readonly decoder: Decoder;
  /** Generates for all models of the base; sequences of several adapters share passes. */
  readonly batcher: Batcher;
}

interface Shared {
  readonly base: Promise<Base>;
  /** Models that use it. */
  users: number;
  /** The base, once it is open. */
  ready: Base | null;
}

/** Identifies a base by its folder and the hashes of its weights, so that a retrained base is another one. */
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
   * Takes a base. The first model that takes it opens it; it is opened again if its device has failed.
   * @param open loads its weights onto a device
   * @returns the base, with a function that gives it back
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
