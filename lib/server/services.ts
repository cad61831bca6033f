/** What the routes share: models, metrics and limits, and helpers to find a request's model and deadline. */
import type { Context } from "hono";
import type { Faq } from "./faq.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { LabelModel, LanguageModel, ModelStore } from "./models.ts";
import { ApiError } from "./errors.ts";
import type { StageFolders } from "../runs/lineage.ts";
import type { Runs } from "../runs/runs.ts";
import type { RecentAnswers } from "./recent.ts";
import type { Studio } from "../studio/studio.ts";
import type { WorkQueue } from "./work.ts";

export interface Services {
  readonly store: ModelStore;
  readonly faq: Faq;
  readonly metrics: ServerMetrics;
  readonly recent: RecentAnswers;
  readonly runs: Runs;
  /** Loads the stages that may recreate missing parts of a lineage. */
  stages(): Promise<StageFolders>;
  /** Queue of computations that generate no text: embeddings, labels, attention, scores of prompts. */
  readonly work: WorkQueue;
  /** Starts stages; null for a server that is not the studio. */
  readonly studio: Studio | null;
  /** Whether requests must bring a key. */
  readonly locked: boolean;
  /** Seconds that a request may take. */
  readonly timeLimit: number;
  /** Aborted when the server is to stop. */
  readonly stopping: AbortSignal;
}

async function find(store: ModelStore, id: string | undefined, kinds: readonly string[]) {
  const open = () => {
    const chosen = id ?? store.listed.find(({ kind }) => kinds.includes(kind))?.id;
    return chosen === undefined ? null : store.open(chosen);
  };
  let opened = open();
  if (!opened) {
    await store.refresh(); // it may be new since the last search
    opened = open();
  }
  const model = await opened;
  if (!model) {
    const there = store.listed.map((listed) => listed.id).join(", ");
    throw new ApiError(
      404,
      `there is no model ${JSON.stringify(id)}; there are: ${there}`,
      "model",
      "model_not_found",
    );
  }
  if (!kinds.includes(model.kind)) {
    const other = model.kind === "classifier"
      ? "labels texts: use POST /classify"
      : "writes text; it has no labels";
    throw new ApiError(400, `${model.id} ${other}`, "model", "wrong_kind");
  }
  return model;
}

/** @throws {ApiError} if there is no such model, or it labels texts */
export async function languageModel(store: ModelStore, id?: string): Promise<LanguageModel> {
  return await find(store, id, ["chat", "text"]) as LanguageModel;
}

/** @throws {ApiError} if there is no such model, or it writes texts */
export async function labelModel(store: ModelStore, id?: string): Promise<LabelModel> {
  return await find(store, id, ["classifier"]) as LabelModel;
}

export interface Deadline {
  /** Aborted when the time limit is reached. */
  readonly late: AbortSignal;
  /** Aborted at the time limit, when the client leaves, and by `end`. */
  readonly signal: AbortSignal;
  /** Stops computing for the request. */
  end(): void;
}

/** @throws {ApiError} if the time limit was reached */
export function checkDeadline({ late }: Deadline): void {
  if (late.aborted) throw new ApiError(504, "the time limit was reached");
}

export function deadlineOf(c: Context, seconds: number): Deadline {
  const left = new AbortController();
  // Without a reason, abort() creates an error, and its stack trace takes longer than some of the model's passes.
  const end = () => left.abort("nobody waits for it");
  c.req.raw.signal.addEventListener("abort", end);
  const late = AbortSignal.timeout(seconds * 1000);
  return { late, end, signal: AbortSignal.any([left.signal, late]) };
}

/** The deadline of an endless answer: it ends when the client leaves or the server stops. */
export function openEnded(c: Context, stopping: AbortSignal): Deadline {
  const left = new AbortController();
  const end = () => {
    stopping.removeEventListener("abort", end);
    left.abort("nobody waits for it");
  };
  c.req.raw.signal.addEventListener("abort", end);
  stopping.addEventListener("abort", end);
  if (stopping.aborted) end();
  return { late: new AbortController().signal, end, signal: left.signal };
}
