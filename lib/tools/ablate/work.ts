/** Runs stages for an ablation, in separate folders, with corpora that variants share. */
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { exists, hashContent, readText, writeFileAtomic } from "../../files.ts";
import { removeFolder } from "../../folders.ts";
import type { Terminal } from "../../progress.ts";
import { codeHashes } from "../../run/code.ts";
import { FileHashes } from "../../run/hashes.ts";
import { type Manifest, readManifest } from "../../run/manifest.ts";
import { settingsDifferences } from "../../run/settings.ts";
import { linkResult } from "../../run/share.ts";
import { runStage, type Stage } from "../../run/stage.ts";
import type { Request } from "../../run/staleness.ts";
import { ALONE } from "../../ranks/alone.ts";
import { pipeline } from "../../../stages/pipeline.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import type { Variant } from "./config.ts";
import { DATA, type Known, type Lab } from "./lab.ts";

/** Thrown when a signal asked to stop; the training so far is saved. */
export class Stopped extends Error {
  /** @param code the exit code, 128 plus the signal's number */
  constructor(readonly code: number) {
    super("stopped");
  }
}

const modelsOf = ({ name }: Pick<Known, "name">) => join("models", name);
const dataOf = ({ name }: Pick<Known, "name">) => join("data/processed", name);

/** The file in a run's folder that records its settings, so that only the same run is resumed there. */
const MARK = "ablation.json";

/** A finished corpus and vocabulary. */
export interface Data {
  /** Manifests of the stages that made them, by folder. */
  readonly finished: ReadonlyMap<string, Manifest>;
  /** A hash of the encoded corpus. */
  readonly hash: string;
}

export class Workshop {
  readonly terminal: Terminal;
  readonly #hashes = new FileHashes();
  readonly #invocation: Request["invocation"];
  readonly #code: Promise<string>;

  /** @param command the command that resumes after an interruption */
  constructor(terminal: Terminal, config: string, command: string) {
    this.terminal = terminal;
    this.#invocation = { task: "ablate", config, sets: [], goOn: command };
    this.#code = codeHashes(pretrain.module, this.#hashes).then((code) => hashContent(JSON.stringify(code)));
  }

  /**
   * Runs the stages whose results are not up to date; resumes an interrupted one.
   * @throws {Stopped} if a signal asked to stop
   */
  async run(
    stages: readonly Stage[],
    preset: Known,
    { label, finished }: { readonly label: string; readonly finished?: ReadonlyMap<string, Manifest> },
  ): Promise<void> {
    const request: Request = {
      preset,
      schema: pipeline.schema,
      invocation: this.#invocation,
      hashes: this.#hashes,
      finished: new Map(finished),
      terminal: this.terminal,
      ranks: ALONE,
    };
    for (const stage of stages) {
      const code = await runStage(stage, request, {
        label: `${label}: ${stage.name}`,
        force: false,
        resume: stage.resumable === true && await exists(join(stage.out(preset), "last")),
      });
      if (code > 0) throw new Stopped(code);
    }
  }

  /**
   * Makes a variant's corpus and vocabulary. Finished ones are kept even if their source texts have changed since, so
   * that all runs of an ablation learn from the same data.
   * @param preset the variant's, perhaps with another name
   */
  async prepare(lab: Lab, variant: Variant, label: string, preset = lab.preset(variant)): Promise<Data> {
    const finished = new Map<string, Manifest>();
    for (const [i, stage] of DATA.entries()) {
      const owner = lab.ownerOf(DATA.slice(0, i + 1), variant), shared = lab.preset(owner);
      const out = stage.out(preset);
      if (!await isMade(stage, preset)) {
        if (preset.name === shared.name) await this.run([stage], preset, { label, finished });
        else {
          await this.prepare(lab, owner, label);
          await removeFolder(out);
          await linkResult(stage, shared, preset);
        }
      }
      finished.set(out, (await readManifest(out))!);
    }
    const [, vocabulary] = [...finished.values()];
    return { finished, hash: hashFiles(vocabulary.outputs) };
  }

  /** Makes a text to measure on, if it does not exist yet. */
  async prepareText(preset: Known, label: string): Promise<void> {
    const [corpus] = DATA;
    if (!await isMade(corpus, preset)) await this.run([corpus], preset, { label });
  }

  /**
   * Prepares the folder of a run: removes the files of another run, and keeps those of this one.
   * @throws {UserError} if the folder does not belong to an ablation
   */
  async claim(preset: Known, data: Data, isSame: (made: Record<string, unknown>) => boolean): Promise<void> {
    const folder = modelsOf(preset), path = join(folder, MARK);
    if (await exists(folder)) {
      if (!await exists(path)) {
        throw new UserError(`${folder} is no folder of an ablation; rename or remove it`);
      }
      const mark = JSON.parse(await readText(path, "remove the folder"));
      if (mark.data === data.hash && isSame(mark.preset)) return;
      await removeFolder(folder);
    }
    await writeFileAtomic(path, JSON.stringify({ preset, data: data.hash }) + "\n");
  }

  /** Removes the models of a run. */
  async removeModels(preset: Known): Promise<void> {
    if (await exists(join(modelsOf(preset), MARK))) await removeFolder(modelsOf(preset));
  }

  /** Removes the corpus and vocabulary of a preset's name; others that share the files keep them. */
  async removeData(preset: Known): Promise<void> {
    await removeFolder(dataOf(preset));
  }

  /** A hash of the training code, as it was when this process started. */
  get codeHash(): Promise<string> {
    return this.#code;
  }
}

/** Whether a stage's result exists and was made with the same settings. */
async function isMade(stage: Stage, preset: Known): Promise<boolean> {
  const manifest = await readManifest(stage.out(preset));
  return manifest !== null &&
    settingsDifferences(stage, manifest.preset, preset, pipeline.schema).length === 0;
}

/** A hash of files with their hashes, independent of their order. */
export const hashFiles = (files: Readonly<Record<string, { readonly hash: string }>>): string =>
  hashContent(Object.entries(files).map(([file, { hash }]) => `${file} ${hash}`).sort().join("\n"));
