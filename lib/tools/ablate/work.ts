/** Running stages for an ablation: in folders of its own, with a corpus that variants share. */
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { exists, hashContent, readText, writeFileAtomic } from "../../files.ts";
import { removeFolder } from "../../folders.ts";
import type { Terminal } from "../../progress.ts";
import { codeHashes } from "../../run/code.ts";
import { FileHashes } from "../../run/hashes.ts";
import { type Manifest, readManifest } from "../../run/manifest.ts";
import { runStage, type Stage } from "../../run/stage.ts";
import type { Request } from "../../run/staleness.ts";
import { pipeline } from "../../../stages/pipeline.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import { DATA, type Known } from "./lab.ts";

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

  /** @param command the command that goes on after an interruption */
  constructor(terminal: Terminal, config: string, command: string) {
    this.terminal = terminal;
    this.#invocation = { task: "ablate", config, sets: [], goOn: command };
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

  /** Makes corpus and vocabulary of a preset. */
  async prepare(preset: Known, label: string): Promise<Data> {
    await this.run(DATA, preset, { label });
    const finished = new Map<string, Manifest>();
    for (const stage of DATA) {
      const folder = stage.out(preset);
      finished.set(folder, (await readManifest(folder))!);
    }
    const [vocabulary] = [...finished.values()].slice(-1);
    const outputs = Object.entries(vocabulary.outputs).map(([file, { hash }]) => `${file} ${hash}`);
    return { finished, hash: hashContent(outputs.sort().join("\n")) };
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

  /** A hash of the code that trains. */
  async codeHash(): Promise<string> {
    return hashContent(JSON.stringify(await codeHashes(pretrain.module, this.#hashes)));
  }
}
