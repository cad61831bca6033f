/**
 * Lessons: teachings of models, started as `deno task teach` and recognised by the folders that it leaves. Undoing
 * removes such a folder; the original model is never touched.
 */
import { join } from "@std/path";
import { z } from "zod";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { readStanding, type Standing } from "../evaluate/standing.ts";
import { exists, writeFileAtomic } from "../files.ts";
import { removeFolder } from "../folders.ts";
import { lockFolder } from "../lock.ts";
import { taughtFolder } from "../run/taught_folder.ts";
import { Jobs, type JobState } from "./jobs.ts";
import { Refusal } from "./refusal.ts";

const Tally = z.object({ right: z.number(), all: z.number() });
const Exam = z.object({
  facts: z.array(Tally),
  leaked: z.object({ others: Tally, sameName: Tally }),
  families: z.record(z.string(), Tally),
});

/** `report.json` of a model that was taught. */
const Report = z.object({
  model: z.string(),
  facts: z.array(z.object({ instruction: z.string(), response: z.string() })),
  steps: z.number(),
  done: z.boolean(),
  before: Exam,
  after: Exam,
  seconds: z.number(),
});
export type Report = z.infer<typeof Report>;

/** Largest report that is read, in bytes. */
const LARGEST_REPORT = 4_000_000;

export interface Fact {
  readonly question: string;
  readonly answer: string;
}

/** A line of progress. */
export interface LessonStep {
  readonly step: number;
  /** How many steps it takes at most. */
  readonly most: number;
  readonly loss: number;
  /** The result of the exam at this step; null if there was none. */
  readonly standing: Standing | null;
}

export type LessonState = "running" | "stopping" | "stopped" | "failed" | "known" | "finished";

export interface Lesson {
  /** The resulting model's id in the API, such as `small/taught`. */
  readonly id: string;
  /** The API's id of the model that is or was taught; null if it is not below models/. */
  readonly model: string | null;
  readonly facts: readonly Fact[];
  /** `known`: the model already knew all facts, so no new one was made. */
  readonly state: LessonState;
  readonly error: string | null;
  readonly steps: readonly LessonStep[];
  /** What it answered before and after; null until it is done. */
  readonly report: Report | null;
  readonly started: string | null;
}

export class Lessons {
  readonly #jobs = new Jobs("data/studio/lessons");
  #starting: Promise<unknown> = Promise.resolve();

  /** All lessons, the latest started first; those taught in a terminal come last. */
  async list(): Promise<Lesson[]> {
    const ids = new Set([...await this.#jobs.names(), ...await taughtModels()]);
    const all = await Promise.all([...ids].map((id) => this.#look(id)));
    return all.filter((lesson) => lesson !== null).sort((a, b) =>
      (b.started ?? "").localeCompare(a.started ?? "") || a.id.localeCompare(b.id)
    );
  }

  async get(id: string): Promise<Lesson | null> {
    return (await this.list()).find((lesson) => lesson.id === id) ?? null;
  }

  /**
   * Starts teaching.
   * @param model its id and folder
   * @returns the id of the resulting model
   * @throws {Refusal} if another is being taught
   */
  start(model: { readonly id: string; readonly folder: string }, facts: readonly Fact[]): Promise<string> {
    const turn = this.#starting.then(async () => {
      const running = await this.#jobs.running();
      if (running) {
        throw new Refusal("busy", `${running} is being taught; wait until it is done, or stop it`, running);
      }
      const out = await freeFolder(join("models", model.id));
      const id = out.slice("models/".length);
      const path = join("data/facts", `${id.replaceAll("/", "-")}.jsonl`);
      const lines = facts.map(({ question, answer }) =>
        JSON.stringify({ instruction: question, output: answer }) + "\n"
      );
      await writeFileAtomic(path, lines.join(""));
      await this.#jobs.start(id, [
        "teach",
        "--model",
        join("models", model.id),
        "--file",
        path,
        "--out",
        out,
      ]);
      return id;
    });
    this.#starting = turn.catch(() => {});
    return turn;
  }

  /** @throws {Refusal} if it does not run */
  async stop(id: string): Promise<void> {
    if (!await this.#jobs.stop(id)) throw new Refusal("not_running", `${id} is not being taught`, id);
  }

  /**
   * Removes a model that was taught.
   * @throws {Refusal} if there is no such model, or it was not made by teaching
   */
  async undo(id: string): Promise<void> {
    const lesson = await this.get(id);
    if (!lesson) throw new Refusal("not_taught", `${id} is no model that was taught`, id);
    if (lesson.state === "running" || lesson.state === "stopping") {
      throw new Refusal("busy", `${id} is being taught; stop it first`, id);
    }
    const folder = join("models", id);
    await using _lock = await lockFolder(folder, "studio");
    if (await isTaught(folder)) await removeFolder(folder);
    await this.#forget(id);
  }

  /** @throws {Refusal} if a model in the folder of a training is being taught */
  async refuseWhileTaught(training: string): Promise<void> {
    const running = await this.#jobs.running();
    if (running?.startsWith(`${training}/`)) {
      throw new Refusal("busy", `${running} is being taught; wait until it is done, or stop it`, running);
    }
  }

  /** Forgets the jobs for models in the folder of a training. */
  async forgetBelow(training: string): Promise<void> {
    const names = await this.#jobs.names();
    for (const name of names) if (name.startsWith(`${training}/`)) await this.#forget(name);
  }

  /** Removes the record of a job, and the file with its facts. */
  async #forget(id: string): Promise<void> {
    const facts = flag(await this.#jobs.state(id), "--file");
    if (facts && await exists(facts)) await Deno.remove(facts);
    await this.#jobs.forget(id);
  }

  async #look(id: string): Promise<Lesson | null> {
    const job = await this.#jobs.state(id);
    const report = await readReport(join("models", id, "report.json"));
    if (!job && !report) return null;
    const state = stateOf(job, report);
    return {
      id,
      state,
      model: modelOf(report?.model ?? flag(job, "--model")),
      facts: report
        ? report.facts.map(({ instruction, response }) => ({ question: instruction, answer: response }))
        : await readFacts(flag(job, "--file")),
      error: state === "failed" ? job!.error : null,
      steps: stepsIn(job?.log ?? []),
      report,
      started: job?.job.started ?? null,
    };
  }
}

/** The value of a flag in a job's arguments. */
function flag(job: JobState | null, name: string): string | null {
  const args = job?.job.args ?? [];
  return args[args.indexOf(name) + 1] ?? null;
}

function stateOf(job: JobState | null, report: Report | null): LessonState {
  if (job?.running) return job.job.stopping ? "stopping" : "running";
  if (report) return "finished"; // also if it falls short of its goals, which `teach` calls an error
  if (job!.error) return "failed";
  return job!.log.some((line) => line.endsWith("already; nothing to do")) ? "known" : "stopped";
}

const modelOf = (folder: string | null): string | null =>
  /^models\/(.+?)(?:\/(?:best|last))?$/.exec(folder ?? "")?.[1] ?? null;

/** Parses lines such as `step 30/150 loss 0.512: taught 1/1, …`; the part after the colon may be missing. */
function stepsIn(log: readonly string[]): LessonStep[] {
  return log.flatMap((line) => {
    const [, step, most, loss, said] = /^step (\d+)\/(\d+) loss ([\d.]+)(?:: (.*))?$/.exec(line) ?? [];
    if (step === undefined) return [];
    const standing = said === undefined ? null : readStanding(said);
    return [{ step: Number(step), most: Number(most), loss: Number(loss), standing }];
  });
}

async function readReport(path: string): Promise<Report | null> {
  try {
    if ((await Deno.stat(path)).size > LARGEST_REPORT) return null;
    return Report.safeParse(JSON.parse(await Deno.readTextFile(path))).data ?? null;
  } catch {
    return null; // none, or of something else
  }
}

const SavedFact = z.object({ instruction: z.string(), output: z.string() });

/** The facts of a file; lines that are damaged are left out. */
async function readFacts(path: string | null): Promise<Fact[]> {
  const text = path === null ? "" : await Deno.readTextFile(path).catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      const { instruction, output } = SavedFact.parse(JSON.parse(line));
      return [{ question: instruction, answer: output }];
    } catch {
      return [];
    }
  });
}

async function isTaught(folder: string): Promise<boolean> {
  if (!await exists(folder)) return false;
  const info = await readCheckpointInfo(await findCheckpoint(folder));
  if (info?.stage === "teach") return true;
  throw new Refusal(
    "not_taught",
    `${folder} is no model that was taught; remove it by hand if you mean to`,
    folder,
  );
}

/** Ids of the models that were made by teaching. */
async function taughtModels(): Promise<string[]> {
  const found: string[] = [];
  for await (const path of foldersIn("models")) {
    for await (const inner of foldersIn(path)) {
      if ((await readCheckpointInfo(join(inner, "best")).catch(() => null))?.stage === "teach") {
        found.push(inner.slice("models/".length));
      }
    }
  }
  return found;
}

async function* foldersIn(path: string): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
  for (const { name, isDirectory } of entries) if (isDirectory) yield join(path, name);
}

/** A free folder for the model that teaching will make. */
async function freeFolder(model: string): Promise<string> {
  const first = taughtFolder(model), base = first.replace(/-\d+$/, "");
  for (let n = 1;; n++) {
    const folder = n === 1 ? first : `${base}-${n}`;
    if (folder !== model && !await exists(folder)) return folder;
  }
}
