/**
 * Trainings on texts, started as `deno task train-on`. They are recognised by the folders that they leave, so those
 * started in a terminal are shown like those started here.
 */
import { join } from "@std/path";
import { exists, writeFileAtomic } from "../files.ts";
import { lockedSince } from "../lock.ts";
import { LEAST_TEXT, nameOf, presetPath, type SizeName } from "../run/text_preset.ts";
import { Jobs, type JobState } from "./jobs.ts";
import { Refusal } from "./refusal.ts";
import { type Contents, contentsOf, removeModels } from "./removal.ts";
import { readTitles, writeTitle } from "./titles.ts";

export type TrainingState = "running" | "stopping" | "stopped" | "failed" | "finished";

export interface Training {
  readonly name: string;
  /** Its title on the page; null if nobody has renamed it. */
  readonly title: string | null;
  readonly state: TrainingState;
  /** The stage that runs or ran last; null if unknown. */
  readonly stage: string | null;
  /** The error in one line; null also if it failed without a message, as when it was killed. */
  readonly error: string | null;
  /** The command that resumes it in a terminal; null if its preset is not in configs/. */
  readonly command: string | null;
  /** The API's id of its model; null until something was saved. */
  readonly model: string | null;
  /** Its run below models/; null until training has begun. */
  readonly run: string | null;
  /** When it was started here; null if it was started in a terminal. */
  readonly started: string | null;
}

export interface NewTraining {
  readonly text: string;
  /** Name of its folders; if it is taken, a similar free one is used. */
  readonly name: string;
  readonly size: SizeName;
  readonly minutes: number;
}

/** The trainings, for the studio's page and API. Paths are relative to the current folder. */
export class Trainings {
  readonly #jobs = new Jobs("data/studio/trainings");
  #starting: Promise<unknown> = Promise.resolve();

  async list(): Promise<Training[]> {
    const names = new Set([...await this.#jobs.names(), ...await trainedNames()]);
    const titles = await readTitles();
    const all = await Promise.all(
      [...names].sort().map((name) => this.#look(name, titles.get(name) ?? null)),
    );
    // Running ones first, then the latest first.
    const rank = ({ state, started }: Training) =>
      (state === "running" || state === "stopping" ? "1" : "0") + (started ?? "");
    return all.filter((training) => training !== null).sort((a, b) =>
      rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0
    );
  }

  async get(name: string): Promise<Training | null> {
    return (await this.list()).find((training) => training.name === name) ?? null;
  }

  /** The last lines of a training's output. */
  async log(name: string): Promise<readonly string[]> {
    return (await this.#jobs.state(name))?.log ?? [];
  }

  /**
   * Writes the text and starts a training on it.
   * @returns its name
   * @throws {Refusal} if it is not text or too short, or another training is running
   */
  start(training: NewTraining): Promise<string> {
    return this.#inTurn(async () => {
      const { text, size, minutes } = training;
      const bytes = new TextEncoder().encode(text);
      // Browsers turn what is not UTF-8 into U+FFFD.
      if (/[\0\ufffd]/.test(text)) {
        throw new Refusal("no_text", "this is no plain text in UTF-8; save it as .txt");
      }
      if (bytes.length < LEAST_TEXT) {
        throw new Refusal(
          "too_short",
          `${bytes.length} bytes of text are too few to learn from; give at least ${LEAST_TEXT}`,
          String(LEAST_TEXT),
        );
      }
      await this.#refuseSecond();
      const name = await freeName(nameOf(training.name) || "texto");
      const path = textPath(name);
      await writeFileAtomic(path, [bytes]);
      await this.#jobs.start(name, [
        ...["train-on", path, "--size", size, "--minutes", String(minutes)],
        ...["--name", name],
      ]);
      return name;
    });
  }

  /** @throws {Refusal} if it is not running, or was not started here */
  async stop(name: string): Promise<void> {
    if (await this.#jobs.stop(name)) return;
    throw new Refusal(
      "not_running",
      `${name} is not running, or was started in a terminal; stop it there with Ctrl-C`,
      name,
    );
  }

  /** @throws {Refusal} if it cannot be resumed, or another training is running */
  resume(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const training = await this.get(name);
      if (training?.state === "finished") {
        throw new Refusal("finished", `${name} is finished; there is nothing to go on with`, name);
      }
      await this.#refuseSecond();
      if (!training?.command) {
        const path = presetPath(name);
        throw new Refusal("no_preset", `${path} is not there, so nothing can go on from it`, path);
      }
      await this.#jobs.start(name, [
        "pipeline",
        "--resume",
        "--until",
        "pretrain",
        "--config",
        presetPath(name),
      ]);
    });
  }

  /**
   * Changes a training's title on the page; its folder and model keep their names.
   * @param title an empty one, or the training's name, removes the title
   */
  rename(name: string, title: string): Promise<void> {
    return this.#inTurn(() => writeTitle(name, title === "" || title === name ? null : title));
  }

  /** What deleting a training would remove, and what would be kept. */
  async contents(name: string): Promise<Contents & { readonly kept: readonly string[] }> {
    const others = [textPath(name), presetPath(name), `data/processed/${name}`];
    const there = await Promise.all(others.map(exists));
    return { ...await contentsOf(name), kept: others.filter((_, i) => there[i]) };
  }

  /**
   * Removes the training's folder below models/, and the studio's record of it.
   * @param shipped whether a training that ships with the project may be removed
   * @throws {Refusal} if it is running, or ships with the project
   * @throws {UserError} if another process is writing there, or the system refuses
   */
  remove(name: string, shipped: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const training = await this.get(name);
      if (training?.state === "running" || training?.state === "stopping") {
        throw new Refusal("busy", `${name} is being trained; stop it, or wait until it is done`, name);
      }
      if (!shipped && (await contentsOf(name)).shipped) {
        throw new Refusal(
          "shipped",
          `${name} comes with the project; say so to delete it all the same`,
          name,
        );
      }
      await removeModels(name);
      await this.#jobs.forget(name);
      await writeTitle(name, null);
    });
  }

  /** Runs operations one after another, so that two pages cannot start the same training. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#starting.then(body);
    this.#starting = turn.catch(() => {});
    return turn;
  }

  async #refuseSecond(): Promise<void> {
    const running = (await this.list()).find(({ state }) => state === "running" || state === "stopping");
    if (running) {
      throw new Refusal(
        "busy",
        `${running.name} is being trained; stop it, or wait until it is done: two share a machine badly`,
        running.name,
      );
    }
  }

  async #look(name: string, title: string | null): Promise<Training | null> {
    const job = await this.#jobs.state(name);
    const folder = join("models", name, "pretrain");
    const locked = await busyStage(name);
    const finished = await exists(join(folder, "manifest.json"));
    const trained = await exists(join(folder, "metrics.jsonl"));
    if (!job && !trained && !locked) return null;
    const preset = await exists(presetPath(name));
    return {
      name,
      title,
      state: stateOf(job, locked !== null, finished),
      stage: locked ?? stageIn(job?.log ?? []),
      error: locked || finished ? null : job?.error ?? null,
      command: preset
        ? `deno task pipeline --config ${presetPath(name)}${finished ? "" : " --resume"}`
        : null,
      model: await exists(join(folder, "best")) || await exists(join(folder, "last"))
        ? `${name}/pretrain`
        : null,
      run: trained ? `${name}/pretrain` : null,
      started: job?.job.started ?? null,
    };
  }
}

function stateOf(job: JobState | null, locked: boolean, finished: boolean): TrainingState {
  if (job?.running) return job.job.stopping ? "stopping" : "running";
  if (locked) return "running";
  if (finished) return "finished";
  if (!job || job.job.stopping) return "stopped";
  // A training that was stopped by another signal says so in its log; a killed one says nothing.
  return job.log.at(-1)?.includes(": stopped; ") ? "stopped" : "failed";
}

/** The last stage that a log says is being made; null if there is none. */
const stageIn = (log: readonly string[]): string | null =>
  log.map((line) => /^stage \d+ of \d+, ([a-z-]+): making /.exec(line)?.[1]).findLast((stage) => stage) ??
    null;

/** The path of the pasted text. */
const textPath = (name: string) => `data/texts/${name}.txt`;

/** The folders that stages write, in order, by the stage's name. */
const folders = (name: string): Readonly<Record<string, string>> => ({
  "prepare-corpus": `data/processed/${name}/corpus`,
  "build-vocab": `data/processed/${name}/vocabulary`,
  pretrain: `models/${name}/pretrain`,
  "finetune-classify": `models/${name}/classify`,
  "finetune-instruct": `models/${name}/instruct`,
  "finetune-preference": `models/${name}/preference`,
  evaluate: `models/${name}/evaluate`,
});

/** The stage that some process is writing at the moment; null if there is none. */
async function busyStage(name: string): Promise<string | null> {
  for (const [stage, folder] of Object.entries(folders(name))) if (await lockedSince(folder)) return stage;
  return null;
}

/** Names of the folders below models/ with something pretrained in them. */
async function trainedNames(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir("models")).catch(() => []);
  const names = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  const trained = await Promise.all(names.map((name) => exists(join("models", name, "pretrain"))));
  return names.filter((name, i) => trained[i] && NAME.test(name));
}

/** Allowed names of presets. */
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/** The name, or a similar one that is not taken. */
async function freeName(name: string): Promise<string> {
  for (let n = 1;; n++) {
    const free = n === 1 ? name : `${name}-${n}`;
    const taken = [presetPath(free), textPath(free), `models/${free}`, `data/processed/${free}`];
    if (!(await Promise.all(taken.map(exists))).includes(true)) return free;
  }
}
