/** Finds the models in a folder. */
import { join, relative } from "@std/path";
import { describe } from "../errors.ts";
import { requireBase } from "../checkpoint/adapted.ts";
import { isGguf } from "../checkpoint/gguf/path.ts";
import { readConfig } from "../checkpoint/huggingface.ts";
import { isLeftover, readFolder } from "../folders.ts";
import { checkpointIn } from "../checkpoint/backbone.ts";
import { type CheckpointInfo, lacksInfo, readCheckpointInfo } from "../checkpoint/checkpoint.ts";

export type ModelKind = "chat" | "text" | "classifier";

export interface ListedModel {
  /** Its name in requests: its path below the models' folder, such as `small/instruct`. */
  readonly id: string;
  /** Answers instructions, continues text, or labels it. */
  readonly kind: ModelKind;
  readonly folder: string;
  readonly info: CheckpointInfo;
}

/** Order of kinds; the largest model of the first kind is the default for requests without a model. */
const ORDER: readonly ModelKind[] = ["chat", "text", "classifier"];

/** Deepest level of folders that is searched. */
const DEPTH = 4;

/**
 * The models below a folder, the default one first.
 * @param leaveOut called with a one-line message for each damaged model
 */
export async function searchModels(root: string, leaveOut: (why: string) => void): Promise<ListedModel[]> {
  return (await search(root, root, DEPTH, leaveOut)).sort((a, b) =>
    ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.info.parameters - a.info.parameters ||
    a.id.localeCompare(b.id)
  );
}

async function search(
  root: string,
  folder: string,
  depth: number,
  leaveOut: (why: string) => void,
): Promise<ListedModel[]> {
  let found: ListedModel | null = null;
  try {
    found = await modelIn(root, folder);
    if (found?.folder === folder || depth === 0) return found ? [found] : [];
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const names = entries.filter((entry) => entry.isDirectory).map(({ name }) => name)
      .filter((name) => !["best", "last", "snapshots"].includes(name) && !isLeftover(name)).sort();
    const below = names.map((name) => search(root, join(folder, name), depth - 1, leaveOut));
    return [...found ? [found] : [], ...(await Promise.all(below)).flat()];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) leaveOut(describe(error)); // it was removed meanwhile
    return found ? [found] : [];
  }
}

/**
 * The model in a folder: the folder is a checkpoint, or a run's folder with one. What seems damaged is read
 * once more, as a training may have replaced or moved it meanwhile.
 */
async function modelIn(root: string, folder: string): Promise<ListedModel | null> {
  try {
    return await readModel(root, folder);
  } catch {
    return await readModel(root, folder);
  }
}

async function readModel(root: string, folder: string): Promise<ListedModel | null> {
  const found = await checkpointIn(folder);
  if (found === null) return null;
  const info = await readCheckpointInfo(found);
  if (!info) {
    if (found === folder) return null; // a model from elsewhere; its tokenizer is not read
    throw await lacksInfo(found);
  }
  // Throws for a damaged model, so that it is not listed.
  if (info.adapter) await requireBase(found, info.adapter.base);
  else if (!isGguf(found)) await readFolder(found, readConfig);
  const kind = info.format === "labels" ? "classifier" : info.format;
  const id = relative(root, folder).replaceAll("\\", "/").replace(/(^|\/)(best|last)$/, "") || folder;
  return { id, kind, folder: found, info };
}
