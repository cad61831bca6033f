/** Running stages for an ablation: in folders of its own, with a corpus that variants share. */
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

/** Thrown when a signal asked to stop; what was trained until then is saved. */
export class Stopped extends Error {
  /** @param code the exit code, 128 and the signal's number */
  constructor(readonly code: number) {
    super("stopped");
  }
}

const modelsOf = ({ name }: Pick<Known, "name">) => join("models", name);
const dataOf = ({ name }: Pick<Known, "name">) => join("data/processed", name);

/** What the folder of a run says of it, so that a run is gone on with only as it was begun. */
const MARK = "ablation.json";

/** A corpus and a vocabulary that are ready. */
export interface Data {
  /** Manifests of the stages that made them, by folder. */
  readonly finished: ReadonlyMap<string, Manifest>;
  /** A hash of the corpus as it is encoded. */
  readonly hash: string;
}

export class Workshop {
  readonly terminal: Terminal;
  readonly #hashes = new FileHashes();
  readonly #invocation: Request["invocation"];
  readonly #code: Promise<string>;

  /** @param command the command that goes on after an interruption */
  constructor(terminal: Terminal, config: string, command: string) {
    this.terminal = terminal;
    this.#invocation = { task: "ablate", config, sets: [], goOn: command };
    this.#code = codeHashes(pretrain.module, this.#hashes).then((code) => hashContent(JSON.stringify(code)));
  }

  /**
   * Makes the results of stages, as far as they are not up to date; what was interrupted is gone on with.
   * @throws {Stopped} if a signal asked for it
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
   * Makes corpus and vocabulary of a variant. What was made once stays, also if the texts that it was made of have changed
   * since: all runs of an ablation learn from the same.
   * @param preset the variant's, perhaps under another name
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

  /** Makes a text that is measured on, once. */
  async prepareText(preset: Known, label: string): Promise<void> {
    const [corpus] = DATA;
    if (!await isMade(corpus, preset)) await this.run([corpus], preset, { label });
  }

  /**
   * Makes the folder of a run ready: what another run left there is removed, what this one left is kept.
   * @throws {UserError} if the folder is not one of an ablation
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

  /** Removes corpus and vocabulary of a name; those of other names that share their files keep them. */
  async removeData(preset: Known): Promise<void> {
    await removeFolder(dataOf(preset));
  }

  /** A hash of the code that trains, as it was when this process began. */
  get codeHash(): Promise<string> {
    return this.#code;
  }
}

/** Whether a stage's result is there, of the same settings. */
async function isMade(stage: Stage, preset: Known): Promise<boolean> {
  const manifest = await readManifest(stage.out(preset));
  return manifest !== null &&
    settingsDifferences(stage, manifest.preset, preset, pipeline.schema).length === 0;
}

/** Of files with their hashes, in whichever order. */
export const hashFiles = (files: Readonly<Record<string, { readonly hash: string }>>): string =>
  hashContent(Object.entries(files).map(([file, { hash }]) => `${file} ${hash}`).sort().join("\n"));
