/** The checkpoints that the server offers, opened when they are first asked for. */
import type { DeviceChoice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import type { Batcher, BatcherOptions } from "../generate/batch.ts";
import { type AdapterWeights, openAdapter } from "../model/adapter.ts";
import type { Classifier } from "../model/classifier.ts";
import { type Decoder, parameterSpecs } from "../model/decoder.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { classifierOf } from "../train/labels.ts";
import { type Base, baseKey, Bases } from "./bases.ts";
import { SharedDevices } from "./devices.ts";
import { ApiError } from "./errors.ts";
import { type ListedModel, searchModels } from "./search.ts";

export interface LanguageModel {
  readonly kind: "chat" | "text";
  readonly id: string;
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  /** The batcher of its base, which adapters share. */
  readonly batcher: Batcher;
  /** Finishes what is being generated, then frees its memory for other models. */
  close(): Promise<void>;
}

export interface LabelModel {
  readonly kind: "classifier";
  readonly id: string;
  readonly classifier: Classifier;
  readonly tokenizer: Tokenizer;
  close(): Promise<void>;
}

/** A model that is open or being opened. */
interface Opened {
  /** The checkpoint it was opened from. */
  readonly version: string;
  readonly model: Promise<LanguageModel | LabelModel>;
  /** The model, once it is open. */
  ready: LanguageModel | LabelModel | null;
}

/** A model that could not be opened. */
interface Failure {
  readonly version: string;
  /** When opening is tried again, by `performance.now()`. */
  readonly until: number;
}

export interface StoreOptions extends BatcherOptions {
  /** Milliseconds after which the folder is searched again when a request comes; 2 s by default. */
  readonly searchAfter?: number;
  /** Milliseconds after which a model that could not be opened is tried again; 30 s by default. */
  readonly retryAfter?: number;
  /** Milliseconds that requests may go on using a model that was replaced or removed; 60 s by default. */
  readonly closeAfter?: number;
  /** Whether the store may start without any model, as some will be made later. */
  readonly mayBeEmpty?: boolean;
}

/** The decoder, whose weights are on a device. */
const weightsOf = (model: LanguageModel | LabelModel) =>
  model.kind === "classifier" ? model.classifier.decoder : model.decoder;

/** Identifies a version by the hashes of all files: a checkpoint that is saved again is another version. */
const versionOf = ({ info }: ListedModel) => JSON.stringify(info);

/** Whether the model's device has failed. */
const onFailedDevice = ({ ready }: Opened) =>
  ready !== null && weightsOf(ready).parameters.device.fault !== null;

export class ModelStore {
  readonly limits: StoreOptions;
  readonly #root: string;
  readonly #devices: SharedDevices;
  readonly #bases: Bases;
  #listed: readonly ListedModel[] = [];
  #searched = -Infinity;
  #searching: Promise<void> | null = null;
  /** Messages about damaged models; each is printed once. */
  readonly #complaints = new Set<string>();
  readonly #opened = new Map<string, Opened>();
  readonly #failed = new Map<string, Failure>();
  /** Models that were replaced or removed, with the timers that close them. */
  readonly #retired = new Map<Opened, ReturnType<typeof setTimeout>>();

  private constructor(root: string, choice: DeviceChoice, limits: StoreOptions) {
    this.#root = root;
    this.#devices = new SharedDevices(choice);
    this.#bases = new Bases(limits);
    this.limits = limits;
  }

  /** @throws {UserError} if there is no checkpoint at all */
  static async find(root: string, choice: DeviceChoice, limits: StoreOptions): Promise<ModelStore> {
    const info = await Deno.stat(root).catch(() => null);
    const { mayBeEmpty } = limits;
    if (!info?.isDirectory && (info || !mayBeEmpty)) {
      const why = info ? "is a file, where a folder is expected" : "does not exist";
      throw new UserError(`${root} ${why}; train a model with deno task pipeline`);
    }
    const store = new ModelStore(root, choice, limits);
    await store.refresh();
    if (store.listed.length === 0 && !mayBeEmpty) {
      throw new UserError(`${root} holds no checkpoint; train one with deno task pipeline`);
    }
    return store;
  }

  /** The folder that is searched. */
  get root(): string {
    return this.#root;
  }

  /** The models on offer; the first is the default. */
  get listed(): readonly ListedModel[] {
    return this.#listed;
  }

  /** Searches the folder again for new, replaced and removed models, if the last search was some time ago. */
  refresh(): Promise<void> {
    if (performance.now() - this.#searched < (this.limits.searchAfter ?? 2000)) return Promise.resolve();
    return this.#searching ??= this.#search().finally(() => {
      this.#searched = performance.now();
      this.#searching = null;
    });
  }

  async #search(): Promise<void> {
    const complaints = new Set<string>();
    this.#listed = await searchModels(this.#root, (why) => complaints.add(why));
    for (const why of complaints) {
      if (!this.#complaints.has(why)) console.error(`left out: ${why}`);
      this.#complaints.add(why);
    }
    const versions = new Map(this.#listed.map((model) => [model.id, versionOf(model)]));
    for (const [id, opened] of this.#opened) {
      if (versions.get(id) !== opened.version) this.#retire(id, opened);
    }
    for (const [id, { version }] of this.#failed) if (versions.get(id) !== version) this.#failed.delete(id);
  }

  /** Opens a model by its id; null if it is unknown. The id is looked up in the list and never used as a path. */
  open(id: string): Promise<LanguageModel | LabelModel> | null {
    const found = this.#listed.find((model) => model.id === id);
    if (!found) return null;
    const there = this.#opened.get(id);
    if (there && !onFailedDevice(there)) return there.model;
    if (there) this.#retire(id, there);
    if (this.#hasFailed(id)) {
      const message = `${id} cannot be opened; the server's log says why`;
      return Promise.reject(new ApiError(503, message, "model", "model_unavailable"));
    }
    const opened: Opened = { version: versionOf(found), ready: null, model: this.#load(found) };
    this.#opened.set(id, opened);
    return opened.model;
  }

  /** The state of a model: open, being opened, could not be opened, or not asked for yet. */
  stateOf(id: string): "open" | "opening" | "failed" | "closed" {
    const opened = this.#opened.get(id);
    if (opened) return opened.ready ? "open" : "opening";
    return this.#hasFailed(id) ? "failed" : "closed";
  }

  #hasFailed(id: string): boolean {
    return performance.now() < (this.#failed.get(id)?.until ?? -Infinity);
  }

  async #load(found: ListedModel): Promise<LanguageModel | LabelModel> {
    await null; // until open() has stored the entry that is read below
    const opened = this.#opened.get(found.id)!;
    try {
      return opened.ready = await this.#read(found);
    } catch (error) {
      if (this.#opened.get(found.id) === opened) this.#opened.delete(found.id);
      const until = performance.now() + (this.limits.retryAfter ?? 30_000);
      this.#failed.set(found.id, { version: opened.version, until });
      const message = `${found.id} cannot be opened`;
      console.error(error instanceof UserError ? `${message}: ${error.message}` : error);
      throw new ApiError(503, `${message}; the server's log says why`, "model", "model_unavailable");
    }
  }

  async #read({ id, kind, folder }: ListedModel): Promise<LanguageModel | LabelModel> {
    const checkpoint = await readCheckpoint(folder);
    const { info, tokenizer, unmerged: { base: weights = checkpoint, adapter } = {} } = checkpoint;
    const device = () => this.#devices.for((gpu) => inferOnce(gpu, checkpoint));
    if (kind === "classifier") {
      const classifier = classifierOf(await device(), checkpoint, folder);
      return { kind, id, classifier, tokenizer, close: () => Promise.resolve(classifier.decoder.release()) };
    }
    const base = await this.#bases.take(
      baseKey(folder, info),
      async () => openDecoder(await device(), weights),
    );
    const { decoder, batcher, giveBack } = base;
    if (!adapter) return { kind, id, decoder, tokenizer, batcher, close: giveBack };
    try {
      return besideBase({ kind, id, tokenizer }, base, adapter, giveBack);
    } catch (error) {
      await giveBack();
      throw error;
    }
  }

  /**
   * Opens a checkpoint that is not listed, on the same device. The caller must free its memory by `release`.
   * @throws {UserError} if it is damaged
   */
  async openFolder(folder: string): Promise<Pick<LanguageModel, "decoder" | "tokenizer">> {
    const checkpoint = await readCheckpoint(folder);
    const device = await this.#devices.for((gpu) => inferOnce(gpu, checkpoint));
    return { decoder: openDecoder(device, checkpoint), tokenizer: checkpoint.tokenizer };
  }

  /** Stops offering an opened model, and closes it later, when the requests that use it are done. */
  #retire(id: string, opened: Opened): void {
    this.#opened.delete(id);
    const timer = setTimeout(() => this.#close(opened), this.limits.closeAfter ?? 60_000);
    this.#retired.set(opened, timer);
  }

  /** Finishes what is being generated, then frees the model's memory for other models. */
  async #close(opened: Opened): Promise<void> {
    const model = await opened.model.catch(() => null);
    await model?.close();
    clearTimeout(this.#retired.get(opened));
    this.#retired.delete(opened);
  }

  get #every(): Opened[] {
    return [...this.#opened.values(), ...this.#retired.keys()];
  }

  /** Active and waiting sequences over all open models. */
  load(): { active: number; waiting: number } {
    const batchers = this.#every.flatMap(({ ready }) => ready && "batcher" in ready ? [ready.batcher] : []);
    const sum = { active: 0, waiting: 0 };
    for (const { load } of new Set(batchers)) {
      sum.active += load.active;
      sum.waiting += load.waiting;
    }
    return sum;
  }

  /** Bytes that the models' devices have allocated. */
  memory(): number {
    return this.#devices.memory();
  }

  /** Finishes what is being generated, then frees everything. */
  async close(): Promise<void> {
    await Promise.all(this.#every.map((opened) => this.#close(opened)));
    await this.#devices.close();
  }
}

/** An adapter on its base. */
function besideBase(
  named: Pick<LanguageModel, "kind" | "id" | "tokenizer">,
  { decoder: base, batcher }: Base,
  { shape, values }: AdapterWeights,
  giveBack: () => Promise<void>,
): LanguageModel {
  const { config, parameters: { device } } = base;
  const adapter = openAdapter(device, parameterSpecs(config), shape, ({ name }) => values.get(name)!);
  const decoder = base.withAdapter(adapter);
  const close = async () => {
    await batcher.without(adapter);
    adapter.parameters.release();
    decoder.release();
    await giveBack();
  };
  return { ...named, decoder, batcher, close };
}
