/** Evaluates a run of an ablation: figures on texts, pairs and questions that no variant is trained on. */
import { join } from "@std/path";
import { findCheckpoint } from "../../checkpoint/backbone.ts";
import { type Checkpoint, readCheckpoint } from "../../checkpoint/checkpoint.ts";
import { validationBatches } from "../../data/batches.ts";
import { readDocuments, tokenStream } from "../../data/documents.ts";
import { type Question, readQuestions } from "../../data/instructions.ts";
import { type Pair, readPairs } from "../../data/pairs.ts";
import { inMemory } from "../../data/token_stream.ts";
import type { Device } from "../../device/device.ts";
import { openDevice } from "../../device/open.ts";
import { askAll, score, scoreFamilies } from "../../evaluate/language.ts";
import { pairScore, scorePairs } from "../../evaluate/pairs.ts";
import { hashContent } from "../../files.ts";
import { Decoder } from "../../model/decoder.ts";
import { bar, type Terminal } from "../../progress.ts";
import { isPresent } from "../../run/stage.ts";
import { evaluateLoss } from "../../train/validation.ts";
import { finetuneInstruct } from "../../../stages/finetune-instruct.ts";
import { prepareCorpus } from "../../../stages/prepare-corpus.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import type { Known, Lab } from "./lab.ts";
import type { Workshop } from "./work.ts";

/** Names the part that the base's corpus holds out, which is used if the ablation names no texts. */
const HELD_OUT = "held-out text";
/** Sequences per batch. */
const BATCH = 8;

export const PAIRS = "pairs", QUESTIONS = "questions";
export const textFigure = (text: string) => `bpb ${text}`;

export interface Tests {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly pairs: readonly Pair[];
  readonly questions: readonly Question[];
  readonly maxNewTokens: number;
  /** Hash of all tests. */
  readonly hash: string;
}

/** Keys of the figures of an ablation's runs, in the order of its tables. */
export function figuresOf({ ablations: { texts }, base }: Lab): string[] {
  const { evaluate } = base, names = Object.keys(texts);
  return [
    ...(names.length > 0 ? names : [HELD_OUT]).map(textFigure),
    ...evaluate && evaluate.pairs.data.length > 0 ? [PAIRS] : [],
    ...evaluate && evaluate.instruct.data.length > 0 && isPresent(finetuneInstruct, base) ? [QUESTIONS] : [],
  ];
}

/** The settings of the tests; a run that was measured with others is repeated. */
export function testSettings({ ablations: { texts }, base: { evaluate } }: Lab): Record<string, unknown> {
  return {
    texts: Object.fromEntries(Object.entries(texts).map(([name, { value }]) => [name, value])),
    pairs: evaluate?.pairs.data ?? [],
    questions: evaluate?.instruct.data ?? [],
    max_new_tokens: evaluate?.instruct.max_new_tokens ?? 0,
  };
}

/**
 * Reads the tests, and makes the texts.
 * @param base the base's preset; its corpus has to be ready
 */
export async function readTests(lab: Lab, workshop: Workshop, base: Known): Promise<Tests> {
  const texts = new Map<string, string[]>();
  for (const [name, preset] of lab.textPresets) {
    await workshop.prepareText(preset, `text ${name}`);
    const parts = ["train", "validation"].map((part) => join(prepareCorpus.out(preset), `${part}.jsonl`));
    texts.set(name, (await Promise.all(parts.map(readDocuments))).flat());
  }
  if (texts.size === 0) {
    texts.set(HELD_OUT, await readDocuments(join(prepareCorpus.out(base), "validation.jsonl")));
  }
  const { pairs: { data: pairs } = { data: [] }, instruct } = lab.base.evaluate ?? {};
  const all = async <T>(paths: readonly string[], read: (path: string) => Promise<T[]>) =>
    (await Promise.all(paths.map(read))).flat();
  const tests = {
    texts,
    pairs: await all(pairs, readPairs),
    questions: (await all(instruct?.data ?? [], readQuestions)).map(({ question }) => question),
    maxNewTokens: instruct?.max_new_tokens ?? 0,
  };
  return { ...tests, hash: hashContent(JSON.stringify({ ...tests, texts: [...texts] })) };
}

/** The figures of a run's models: the pretrained model, and the one that answers. */
export async function measure(
  preset: Known,
  tests: Tests,
  terminal: Terminal,
): Promise<{ figures: Record<string, number>; unknown: number; families?: Record<string, number> }> {
  const { device: choice, threads } = preset;
  const read = async (folder: string) => readCheckpoint(await findCheckpoint(folder));
  const { device } = await openDevice(choice, threads === "auto" ? {} : { threads });
  using closing = new DisposableStack();
  closing.defer(() => device.close());
  const progress = (what: string, all: number) => (done: number) =>
    terminal.progress([[bar(done / all), 1], [`${done}/${all} ${what}`, 0]]);

  const pretrained = await read(pretrain.out(preset));
  const model = loaded(device, pretrained);
  const { tokenizer } = pretrained;
  const figures: Record<string, number> = {};
  let unknown = 0;
  for (const [name, documents] of tests.texts) {
    const stream = inMemory(tokenStream(documents, tokenizer));
    const batches = validationBatches(stream, { batch: BATCH, time: model.config.context, limit: Infinity });
    const prediction = await evaluateLoss(model, batches, tokenizer);
    figures[textFigure(name)] = prediction.bpb;
    unknown = Math.max(unknown, prediction.unknown);
  }
  if (tests.pairs.length > 0) {
    const scored = await scorePairs(model, tokenizer, tests.pairs, progress("pairs", tests.pairs.length));
    figures[PAIRS] = pairScore(scored).right;
  }
  if (tests.questions.length === 0 || !isPresent(finetuneInstruct, preset)) return { figures, unknown };

  const finetuned = await read(finetuneInstruct.out(preset));
  const { length } = tests.questions;
  const answering = loaded(device, finetuned);
  const answers = await askAll(
    answering,
    finetuned.tokenizer,
    tests.questions,
    tests.maxNewTokens,
    progress("questions", length),
  );
  terminal.clear();
  // Questions that do not list what an answer contains have an expected answer.
  const right = ({ contains, exact }: ReturnType<typeof score>) => contains ?? exact ?? 0;
  figures[QUESTIONS] = right(score(answers));
  const families = Object.entries(scoreFamilies(answers)).map(([family, own]) => [family, right(own)]);
  return { figures, unknown, families: Object.fromEntries(families) };
}

function loaded(device: Device, { config, values }: Checkpoint): Decoder {
  const model = new Decoder(device, config);
  model.load(values);
  return model;
}
