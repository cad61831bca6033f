/**
 * Teachers: trained models that a student learns from, in addition to the text (Hinton et al., arXiv:1503.02531). They
 * are frozen: no gradients, no optimizer, no dropout.
 */
import { resolve } from "@std/path";
import { backboneFiles, readBackbone } from "../checkpoint/backbone.ts";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { Decoder, type Tokens } from "../model/decoder.ts";
import { distillation, type DistillationOptions, softTargets } from "../ops/distillation.ts";
import { count, type Terminal } from "../progress.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { TeacherSection } from "./teacher_section.ts";

/** The teachers that a stage's preset asks for. */
interface Asked {
  /** The key of the preset, such as `pretrain.teacher`. */
  readonly key: string;
  readonly options: TeacherSection | undefined;
  /** The folder of the preset's vocabulary, for teachers from elsewhere that lack their own. */
  readonly vocabulary: string;
  /** The folder that the stage writes to. */
  readonly out: string;
}

/**
 * The files of a stage's teachers; the stage's result depends on them.
 * @throws {UserError} if a folder holds no model, or is the folder that the stage writes to
 */
export async function teacherFiles({ key, options, vocabulary, out }: Asked): Promise<string[]> {
  const files: string[] = [];
  for (const folder of options?.checkpoints ?? []) {
    if (`${resolve(folder)}/`.startsWith(`${resolve(out)}/`)) {
      throw new UserError(`${key}: ${folder} is what this training writes; give another teacher`);
    }
    files.push(...await naming(key, () => backboneFiles(folder, vocabulary)));
  }
  return [...new Set(files)];
}

export interface LoadedTeacher extends LoadedModel {
  readonly folder: string;
}

/**
 * Reads a stage's teachers; an empty list if it has none.
 * @param student the model that is to learn from them
 * @throws {UserError} naming the key, if a folder holds no language model with the student's vocabulary, or one whose
 *   context is shorter than the student's
 */
export async function readTeachers(
  { key, options, vocabulary }: Asked,
  student: { readonly tokenizer: Tokenizer; readonly config: ModelConfig },
): Promise<LoadedTeacher[]> {
  const read = (options?.checkpoints ?? []).map((folder) =>
    naming(key, async () => {
      const teacher = await readBackbone(folder, vocabulary);
      const fault = faultOf(teacher, student);
      if (fault) throw new UserError(`${teacher.folder} ${fault}`);
      return teacher;
    })
  );
  return await Promise.all(read);
}

/** The reason why a model cannot teach a student, or null if it can. */
function faultOf(
  teacher: LoadedModel & { readonly tokenizer: Tokenizer },
  student: { readonly tokenizer: Tokenizer; readonly config: ModelConfig },
): string | null {
  if (teacher.head) return "is a classifier, where a language model is expected";
  const [theirs, ours] = [teacher, student].map(({ tokenizer }) => JSON.stringify(tokenizer.toJson()));
  const [their, our] = [teacher.config, student.config];
  if (theirs !== ours || their.vocab !== our.vocab) {
    return `has another vocabulary than the student (${their.vocab} tokens there, ${our.vocab} here); train the ` +
      "teacher with this preset's sources and tokenizer";
  }
  if (their.context >= our.context) return null;
  return `has a context of ${their.context} tokens, and the student one of ${our.context}; lower model.context, or ` +
    "give a teacher with a longer one";
}

/** Prefixes the messages of errors with a key. */
async function naming<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${key}: ${error.message}`) : error;
  }
}

/** Teachers on a device. */
export class Teachers {
  readonly #models: readonly Decoder[];

  /**
   * @param loaded at least one, all with one vocabulary
   * @param mixed whether activations are float16
   * @throws {UserError} if the device has no room for them
   */
  constructor(
    readonly device: Device,
    loaded: readonly LoadedTeacher[],
    readonly options: DistillationOptions,
    mixed: boolean,
  ) {
    this.#models = loaded.map(({ config, values }) => {
      const model = new Decoder(device, { ...config, dropout: 0 });
      model.load(values);
      if (mixed) model.parameters.addFloat16Copies();
      return model;
    });
  }

  /** The number of parameters of each teacher. */
  get sizes(): number[] {
    return this.#models.map(({ parameters }) => parameters.count);
  }

  /**
   * The mean loss of a student that learns from the targets and from the teachers, over the targets that are not
   * ignored: a tensor of one element. No gradient flows to the teachers.
   */
  loss(student: Decoder, tokens: Tokens, targets: Uint32Array): Tensor {
    return scope(() => {
      // Teachers first, so that their activations are freed before the student's accumulate.
      const soft = this.#soft(tokens, targets);
      return distillation(student.logits(tokens), targets, soft, this.options);
    });
  }

  /** Tokens per second that the teachers read, in batches of the given size. */
  async speed({ batch, time }: Pick<Tokens, "batch" | "time">): Promise<number> {
    const ids = new Uint32Array(batch * time);
    const read = () => scope(() => this.device.read(this.#soft({ ids, batch, time }, ids).buffer));
    await read(); // compiles shaders and allocates memory
    const started = performance.now();
    await read();
    return 1000 * ids.length / (performance.now() - started);
  }

  #soft(tokens: Tokens, targets: Uint32Array): Tensor {
    const logits = this.#models.map((model) => () => scope(() => model.logits(tokens)));
    return softTargets(logits, targets, this.options.temperature);
  }
}

/**
 * Puts the teachers from `readTeachers` on the student's device, and logs which they are.
 * @param batch the size of the batches that they will read
 * @returns null if there are none
 * @throws {UserError} if the device has no room for them
 */
export async function openTeachers(
  device: Device,
  loaded: readonly LoadedTeacher[],
  { options, mixed, batch, terminal }: {
    readonly options: TeacherSection | undefined;
    readonly mixed: boolean;
    readonly batch: Pick<Tokens, "batch" | "time">;
    readonly terminal: Pick<Terminal, "log">;
  },
): Promise<Teachers | null> {
  if (!options) return null;
  const teachers = new Teachers(device, loaded, options, mixed);
  const who = loaded.map(({ folder }, i) => `${folder} (${count(teachers.sizes[i])} parameters)`);
  terminal.log(
    `  ${who.length > 1 ? "teachers" : "teacher"}: ${who.join(", ")}, reading ${
      count(await teachers.speed(batch))
    } tokens/s; temperature ${options.temperature}, weight ${options.weight}`,
  );
  return teachers;
}
