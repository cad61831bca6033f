/** The presets of an ablation: the base's, each variant's, and those of the texts that all are measured on. */
import { UserError } from "../../errors.ts";
import { hashContent, readText } from "../../files.ts";
import type { CorpusOptions } from "../../data/corpus/options.ts";
import { listLocal, parseSource } from "../../data/corpus/sources.ts";
import type { EvaluateSection } from "../../evaluate/evaluate_section.ts";
import type { Preset } from "../../run/config.ts";
import type { ModelSection } from "../../run/model_section.ts";
import { type Override, parsePreset } from "../../run/preset.ts";
import { settingsDifferences } from "../../run/settings.ts";
import { isPresent, type Stage } from "../../run/stage.ts";
import type { TokenizerSection } from "../../run/tokenizer_section.ts";
import type { PretrainSection } from "../../train/pretrain_section.ts";
import { buildVocab } from "../../../stages/build-vocab.ts";
import { finetuneInstruct } from "../../../stages/finetune-instruct.ts";
import { pipeline } from "../../../stages/pipeline.ts";
import { prepareCorpus } from "../../../stages/prepare-corpus.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import { type Ablations, BASE, type Variant } from "./config.ts";

/** The parts of a preset that ablations use. */
export type Known = Preset & {
  readonly model: ModelSection;
  readonly pretrain: PretrainSection;
  readonly tokenizer: TokenizerSection;
  readonly "prepare-corpus": CorpusOptions;
  readonly evaluate?: EvaluateSection;
};

/** Stages that make a variant's data, and those that train it. */
export const DATA: readonly Stage[] = [prepareCorpus, buildVocab];
const TRAINING: readonly Stage[] = [pretrain, finetuneInstruct];

/** The settings of several stages, merged. */
const settingsOf = (stages: readonly Stage[]): Pick<Stage, "settings" | "sections"> => ({
  settings: [...new Set(stages.flatMap(({ settings }) => settings))],
  sections: Object.assign({}, ...stages.map(({ sections }) => sections)),
});

/**
 * Keys that do not affect the time of a step. Variants that differ only in these are not timed: they train for as many
 * steps as the base, without the noise of a measurement.
 */
const INERT: Readonly<Record<"model" | "pretrain", readonly string[]>> = {
  model: ["zero_init", "induction_init", "norm_epsilon", "rope_theta"],
  pretrain: [
    ...[
      "steps",
      "lr",
      "min_lr",
      "warmup",
      "schedule",
      "weight_decay",
      "roles",
      "beta1",
      "beta2",
      "epsilon",
      "clip",
    ],
    ...["log_every", "eval_every", "eval_batches", "save_every", "sample_every", "sample"],
  ],
};

interface Changes {
  readonly name?: string;
  readonly seed?: number;
  readonly overrides?: readonly Override[];
}

export class Lab {
  readonly ablations: Ablations;
  /** The unchanged preset. */
  readonly base: Known;
  readonly #text: string;
  /** Settings from the command line: device and threads. */
  readonly #sets: readonly string[];
  /** The variants' presets, by variant name. */
  readonly #presets: ReadonlyMap<string, Known>;

  private constructor(ablations: Ablations, text: string, sets: readonly string[]) {
    this.ablations = ablations;
    this.#text = text;
    this.#sets = sets;
    this.base = this.#parse();
    this.#presets = new Map(
      ablations.variants.map(({ name, overrides }) => [name, this.#parse(overrides)]),
    );
  }

  /**
   * Reads the preset, and checks each variant's version of it.
   * @param sets settings from the command line, such as `device=cpu`
   * @throws {UserError} for the first mistake
   */
  static async open(ablations: Ablations, sets: readonly string[]): Promise<Lab> {
    const text = await readText(ablations.preset, `${ablations.path} names it as preset:`);
    const lab = new Lab(ablations, text, sets);
    await lab.#checkTexts();
    return lab;
  }

  #parse(overrides: readonly Override[] = []): Known {
    return parsePreset(pipeline, this.#text, this.ablations.preset, [...this.#sets, ...overrides]) as Known;
  }

  /** A variant's preset. Its data are drawn with the preset's own seed, whichever seed it is trained with. */
  preset(variant: Variant, { name, seed, overrides = [] }: Changes = {}): Known {
    const preset = overrides.length > 0
      ? this.#parse([...variant.overrides, ...overrides])
      : this.#presets.get(variant.name)!;
    return { ...preset, name: name ?? this.folderName(variant), seed: seed ?? preset.seed };
  }

  /** The folder name of a variant's runs, or with a purpose, of an extra training for the variant, such as timing. */
  folderName({ name }: Variant, purpose = ""): string {
    return `${this.base.name}-${name}${purpose && `_${purpose}`}`;
  }

  /** Presets for the texts to measure on, by the texts' names; only their corpus is made. */
  get textPresets(): [name: string, preset: Known][] {
    // The share does not matter, because both parts are read.
    const whole = { key: "prepare-corpus.validation.share", value: 0.5, place: `${this.ablations.path}: ` };
    return Object.entries(this.ablations.texts).map(([name, sources]) => [
      name,
      { ...this.#parse([sources, whole]), name: `${this.base.name}_text-${name}` },
    ]);
  }

  /** The first variant with the same settings for these stages; the others use its results. */
  ownerOf(stages: readonly Stage[], variant: Variant): Variant {
    const own = this.preset(variant);
    return this.ablations.variants.find((other) => this.#differences(stages, this.preset(other), own) === 0)!;
  }

  /** The first variant whose corpus and vocabulary are the same. */
  ownerOfData(variant: Variant): Variant {
    return this.ownerOf(DATA, variant);
  }

  /** Whether a run recorded with the settings `made` is the one that this preset describes. */
  isMade(made: Readonly<Record<string, unknown>>, preset: Known): boolean {
    return this.#differences([...DATA, ...this.training], made, preset) === 0;
  }

  #differences(stages: readonly Stage[], made: Readonly<Record<string, unknown>>, preset: Known): number {
    return settingsDifferences(settingsOf(stages), made, preset, pipeline.schema).length;
  }

  /** The training stages that the preset has. */
  get training(): readonly Stage[] {
    return TRAINING.filter((stage) => isPresent(stage, this.base));
  }

  /** A hash of all settings, the variant's and the base's, that may affect their step times. */
  speedKey(variant: Variant): string {
    return hashContent(JSON.stringify([speedOf(this.base), speedOf(this.preset(variant))]));
  }

  isAsFastAsBase(variant: Variant): boolean {
    return speedOf(this.preset(variant)) === speedOf(this.base);
  }

  /** @throws {UserError} if a variant would be trained on a text that it is measured on */
  async #checkTexts(): Promise<void> {
    const { path, variants, texts } = this.ablations;
    const measured: [name: string, own: CorpusOptions["sources"], files: string[]][] = [];
    for (const [name, preset] of this.textPresets) {
      const { sources } = preset["prepare-corpus"];
      measured.push([name, sources, await ownFiles(sources)]);
    }
    for (const variant of variants) {
      const { sources } = this.preset(variant)["prepare-corpus"];
      if (measured.length === 0) {
        if (this.#differences([prepareCorpus], this.base, this.preset(variant)) === 0) continue;
        throw new UserError(
          `${path}: variant ${variant.name} has another corpus, and might be trained on what the base holds out; ` +
            "give texts: that none is trained on",
        );
      }
      const files = new Set(await ownFiles(sources));
      for (const [name, own, held] of measured) {
        const shared = held.find((file) => files.has(file));
        const seed = worldSeeds(own).find((seed) => worldSeeds(sources).includes(seed));
        const what = shared ?? (seed !== undefined ? `the world with seed ${seed}` : null);
        if (what === null) continue;
        const who = variant.name === BASE ? `the preset ${this.ablations.preset}` : `variant ${variant.name}`;
        throw new UserError(
          `${
            texts[name].place
          }texts.${name}: ${who} is trained on ${what} too; take another text, or another seed`,
        );
      }
    }
  }
}

/** The files on this machine among the sources. */
const ownFiles = (sources: CorpusOptions["sources"]): Promise<string[]> =>
  listLocal(sources.filter((source) => !parseSource(source).world));

const worldSeeds = (sources: CorpusOptions["sources"]): number[] =>
  sources.map(parseSource).flatMap(({ world }) => world ? [world.seed] : []);

/** All settings that may affect the time of a step, as a string. */
function speedOf({ model, pretrain, tokenizer: { kind, size }, precision, device }: Known): string {
  const kept = (section: object, inert: readonly string[]) =>
    Object.entries(section).filter(([key]) => !inert.includes(key)).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([
    kept(model, INERT.model),
    kept(pretrain, INERT.pretrain),
    ...[kind, kind === "char" ? null : size, precision, device],
  ]);
}
