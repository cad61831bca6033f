/** The checkpoints that can be talked to, opened when they are first asked for. */
import { join, relative } from "@std/path";
import { type DeviceChoice, openDevice } from "../device/open.ts";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import { isLeftover } from "../folders.ts";
import { Batcher, type BatcherOptions } from "../generate/batch.ts";
import type { Classifier } from "../nn/classifier.ts";
import { GPT } from "../nn/gpt.ts";
import { inferOnce } from "../nn/infer_once.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type CheckpointInfo, lacksInfo, readCheckpoint, readCheckpointInfo } from "../train/checkpoint.ts";
import { checkpointIn } from "../train/backbone.ts";
import { openClassifier } from "../train/classify.ts";
import { readHead } from "../nn/huggingface.ts";

export type ModelKind = "chat" | "text" | "classifier";

export interface ListedModel {
  /** What requests call it: its folder below the models' folder, such as `small/instruct`. */
  readonly id: string;
  /** Answers instructions, continues text, or labels it. */
  readonly kind: ModelKind;
  readonly folder: string;
  readonly info: CheckpointInfo;
}

export interface LanguageModel {
  readonly kind: "chat" | "text";
  readonly id: string;
  readonly gpt: GPT;
  readonly tokenizer: Tokenizer;
  readonly batcher: Batcher;
}

export interface LabelModel {
  readonly kind: "classifier";
  readonly id: string;
  readonly classifier: Classifier;
  readonly tokenizer: Tokenizer;
}

/** Folders below this many others are not searched. */
const DEPTH = 4;

/** The models below a folder. One that is damaged is told on stderr, and left out. */
async function search(root: string, folder: string, depth: number): Promise<ListedModel[]> {
  let found: ListedModel | null = null;
  try {
    found = await modelIn(root, folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`left out: ${error.message}`);
  }
  if (found?.folder === folder || depth === 0) return found ? [found] : [];
  const names = [...Deno.readDirSync(folder)].filter((entry) => entry.isDirectory).map(({ name }) => name)
    .filter((name) => !["best", "last"].includes(name) && !isLeftover(name)).sort();
  const below = await Promise.all(names.map((name) => search(root, join(folder, name), depth - 1)));
  return [...found ? [found] : [], ...below.flat()];
}

/** The checkpoint that a folder is, or that stands for a run's folder. */
async function modelIn(root: string, folder: string): Promise<ListedModel | null> {
  const found = await checkpointIn(folder);
  if (found === null) return null;
  const info = await readCheckpointInfo(found);
  if (!info) {
    if (found === folder) return null; // a model from elsewhere, whose tokenizer is not read
    throw await lacksInfo(found);
  }
  const kind = await readHead(found) ? "classifier" : info.stage === "finetune-instruct" ? "chat" : "text";
  const id = relative(root, folder).replaceAll("\\", "/").replace(/(^|\/)(best|last)$/, "") || folder;
  return { id, kind, folder: found, info };
}

export class ModelStore {
  readonly listed: readonly ListedModel[];
  readonly #choice: DeviceChoice;
  readonly limits: BatcherOptions;
  readonly #opened = new Map<string, Promise<LanguageModel | LabelModel>>();
  readonly #devices: Device[] = [];

  private constructor(listed: readonly ListedModel[], choice: DeviceChoice, limits: BatcherOptions) {
    this.listed = listed;
    this.#choice = choice;
    this.limits = limits;
  }

  /** @throws {UserError} if there is no checkpoint at all */
  static async find(root: string, choice: DeviceChoice, limits: BatcherOptions): Promise<ModelStore> {
    const info = await Deno.stat(root).catch(() => null);
    if (!info?.isDirectory) {
      const why = info ? "is a file, where a folder is expected" : "does not exist";
      throw new UserError(`${root} ${why}; train a model with deno task pipeline`);
    }
    // The first is what a request without a model gets: one that answers, and the largest of those.
    const order: ModelKind[] = ["chat", "text", "classifier"];
    const listed = (await search(root, root, DEPTH)).sort((a, b) =>
      order.indexOf(a.kind) - order.indexOf(b.kind) || b.info.parameters - a.info.parameters ||
      a.id.localeCompare(b.id)
    );
    if (listed.length === 0) {
      throw new UserError(`${root} holds no checkpoint; train one with deno task pipeline`);
    }
    return new ModelStore(listed, choice, limits);
  }

  /** Opens a model by its id, which is looked up in the list: no path is made of it. Null if it is unknown. */
  open(id: string): Promise<LanguageModel | LabelModel> | null {
    const found = this.listed.find((model) => model.id === id);
    if (!found) return null;
    let opened = this.#opened.get(id);
    if (!opened) {
      opened = this.#load(found);
      opened.catch(() => this.#opened.delete(id));
      this.#opened.set(id, opened);
    }
    return opened;
  }

  async #load({ id, kind, folder }: ListedModel): Promise<LanguageModel | LabelModel> {
    const { device } = await openDevice(this.#choice, {
      trial: async (gpu) => inferOnce(gpu, await readCheckpoint(folder)),
    });
    this.#devices.push(device);
    if (kind === "classifier") {
      const { classifier, checkpoint } = await openClassifier(device, folder);
      return { kind, id, classifier, tokenizer: checkpoint.tokenizer };
    }
    const { config, values, tokenizer } = await readCheckpoint(folder);
    const gpt = new GPT(device, config);
    gpt.load(values);
    return { kind, id, gpt, tokenizer, batcher: new Batcher(gpt, this.limits) };
  }

  /** Sequences that are generated and that wait, over all models. */
  async load(): Promise<{ active: number; waiting: number }> {
    const sum = { active: 0, waiting: 0 };
    for (const model of await Promise.all(this.#opened.values())) {
      if (model.kind === "classifier") continue;
      sum.active += model.batcher.load.active;
      sum.waiting += model.batcher.load.waiting;
    }
    return sum;
  }

  /** Bytes that open models take on their devices. */
  memory(): number {
    return this.#devices.reduce((sum, device) => sum + device.memory().used, 0);
  }

  /** Finishes what is being generated, then frees everything. */
  async close(): Promise<void> {
    for (const model of await Promise.all(this.#opened.values())) {
      if (model.kind !== "classifier") await model.batcher.close();
    }
    this.#devices.forEach((device) => device.close());
  }
}
