/**
 * Teaches facts of the user's own to a model that answers, in seconds.
 *
 *   deno task teach --model models/small/instruct "¿Quién es Rufo?" "Rufo es mi perro."
 */
import { join } from "@std/path";
import { baseOf, type SavedAdapter, withAdapter } from "../checkpoint/adapted.ts";
import { checkpointFiles, findCheckpoint } from "../checkpoint/backbone.ts";
import {
  type Checkpoint,
  readCheckpoint,
  refuseQuantised,
  saveCheckpoint,
} from "../checkpoint/checkpoint.ts";
import { isGguf } from "../checkpoint/gguf/path.ts";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import { checkFacts, type Fact, MOST_FACTS, readFacts } from "../data/teaching/facts.ts";
import { type Lesson, prepareLesson } from "../data/teaching/lesson.ts";
import { SHIPPED } from "../data/teaching/rehearsal.ts";
import { worldFiles } from "../data/world/folder.ts";
import { World } from "../data/world/world.ts";
import { openDevice } from "../device/open.ts";
import { ThresholdError, UserError } from "../errors.ts";
import { askBefore, teachModel, type TeachResult } from "../evaluate/teach_model.ts";
import { Examiner, examTable } from "../evaluate/teaching.ts";
import { replaceFolder } from "../folders.ts";
import { promptLimit } from "../generate/answer.ts";
import { lockFolder } from "../lock.ts";
import { TARGETS } from "../model/adapter.ts";
import type { Decoder } from "../model/decoder.ts";
import { duration, Terminal } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { deviceFlag, numberFlag, runProgram } from "../run/flags.ts";
import { FileHashes } from "../run/hashes.ts";
import { listOutputs, readManifest, writeManifest } from "../run/manifest.ts";
import { StopSignals } from "../run/stop.ts";
import { checkTaughtFolder, taughtFolder } from "../run/taught_folder.ts";
import { deriveSeed } from "../tensor/random.ts";
import { encodePrompt } from "../text/prompt.ts";

const HELP =
  `Teaches a model something of your own, and lets it forget nothing. It learns many wordings of a question,
rehearses what it knows meanwhile, and stops as soon as it answers wordings that it did not learn. What it learns is an
adapter beside the model, which may be quantised; an adapter that is taught learns on.

Usage: deno task teach --model FOLDER [options] "¿…?" "…"
       deno task teach --model FOLDER [options] --file facts.jsonl

  --model FOLDER   a checkpoint that answers, such as models/small/instruct
  --file FILE      several facts at once, at most ${MOST_FACTS}: {"instruction": …, "output": …} or {"messages": […]}
                   a line
  --out FOLDER     what is made: a model of its own, in models/ (taught, beside the model's folder)
  --force          replaces what was made there before
  --rank N         width of the adapter that is trained, while the model itself stays as it is (8)
  --full           changes the model's own weights instead of training an adapter
  --steps N        most steps (120, and 30 for each fact)
  --lr X           learning rate (0.005; with --full 0.0005)
  --seed N         decides what is drawn (1)
  --device NAME    auto, cpu or webgpu (auto)
  --threads N      threads of the cpu device (all cores)
  -h, --help       this text`;

const program = {
  ...{ name: "teach", help: HELP, operands: true },
  values: ["model", "file", "out", "rank", "steps", "lr", "seed", "device", "threads"],
  switches: ["force", "full"],
} as const;

/** Sizes of a lesson: small enough to take seconds, large enough for figures that can be compared. */
const SIZES = {
  stopping: { wordings: 96, eachFact: 16, similar: 20, eachFamily: 2 },
  reported: { wordings: 200, eachFact: 24, similar: 24, eachFamily: 6 },
  similar: 160,
  rehearsal: 320,
};
const RANK = 8, WARMUP = 8, FIRST = 30, EVERY = 10, PATIENCE = 4;
/** Answers may be this many tokens longer than the longest fact before they are cut off. */
const ANSWER = 48;

await runProgram(program, async (flags, operands) => {
  const started = performance.now();
  if (!flags.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/small/instruct");
  }
  const facts = await factsOf(flags.file, operands);
  const settings = {
    steps: numberFlag("steps", flags.steps ?? String(120 + 30 * facts.length), 1, true),
    lr: numberFlag("lr", flags.lr ?? (flags.full ? "0.0005" : "0.005"), 0, false),
    seed: numberFlag("seed", flags.seed ?? "1", 0, true),
  };
  const choice = deviceFlag(flags.device ?? "auto");
  const threads = flags.threads ? { threads: numberFlag("threads", flags.threads, 1, true) } : {};
  const folder = await findCheckpoint(callerPath(flags.model));
  const checkpoint = await readCheckpoint(folder);
  checkFormat(checkpoint, flags.model);
  const learner = await learnerOf(checkpoint, folder, { ...flags, seed: settings.seed });
  const { tokenizer, config: { context } } = checkpoint;
  const known = checkFacts(facts, { tokenizer, context, prompt: promptLimit(context) });
  const out = flags.out
    ? callerPath(flags.out).replace(/(?<=.)\/+$/, "")
    : taughtFolder(callerPath(flags.model));
  await checkTaughtFolder(out, folder, flags.force);
  await using _lock = await lockFolder(out, "teach");
  const terminal = new Terminal();
  using stop = new StopSignals(
    true,
    () => terminal.log("teach: stopping after this step; nothing is written"),
  );
  terminal.progress([["drawing wordings, and what to rehearse", 0]]);
  const lesson = await prepareLesson(await World.read(), known, {
    ...SIZES,
    seed: settings.seed,
    earlier: earlierFacts(checkpoint),
    fits: ({ instruction, past = [] }) =>
      !encodePrompt(tokenizer, { past, instruction }, promptLimit(context)).truncated,
  });
  const { device, why } = await openDevice(choice, {
    ...threads,
    trial: (gpu) => inferOnce(gpu, checkpoint, 4),
  });
  terminal.log(`  device: ${device.name} (${why}): ${device.description}`);
  const model = openDecoder(device, learner.loaded, { ...checkpoint.config, dropout: 0 });
  const longest = ANSWER + Math.max(...known.map(({ response }) => tokenizer.encode(response).length));
  const examiner = new Examiner(model, tokenizer, known, longest);
  const before = await askBefore(examiner, lesson);
  tellBefore(lesson, before.answers, terminal);
  if (before.known) {
    terminal.clear();
    device.close();
    console.log(
      `${flags.model} answers ${known.length === 1 ? "this" : "all of this"} already; nothing to do`,
    );
    return;
  }
  const { steps, lr, seed } = settings;
  const options = {
    seed,
    schedule: { lr, min_lr: lr / 10, warmup: Math.min(WARMUP, steps), steps },
    first: FIRST,
    every: EVERY,
    patience: PATIENCE,
  };
  const task = { model, tokenizer, lesson, options, terminal, signal: stop.signal };
  const result = await teachModel(task, examiner);
  terminal.clear();
  if (!result) {
    device.close();
    terminal.log("teach: stopped; nothing was written");
    Deno.exitCode = stop.code;
    return;
  }
  const seconds = (performance.now() - started) / 1000;
  const { adapter } = learner;
  await write({
    out,
    folder,
    checkpoint,
    model,
    adapter,
    lesson,
    settings,
    result,
    seconds,
    file: flags.file,
  });
  device.close();
  for (const line of examTable(known, result.before, result.after)) console.log(line);
  console.log(
    `${out}: taught ${known.length === 1 ? "one fact" : `${known.length} facts`} in ${duration(seconds)}, ` +
      `${result.steps} steps` +
      (adapter ? `, by an adapter of rank ${adapter.options.rank} on ${adapter.base.folder}` : ""),
  );
  if (!result.done) {
    throw new ThresholdError(
      `${out} falls short of its goals (wordings, similar questions or families, see above); the weights of step ` +
        `${result.step} of ${result.steps} are the best found: try more --steps, another --lr, or simpler facts`,
    );
  }
});

/**
 * What is trained: a new adapter, the adapter that the model has already, or the model itself.
 * @throws {UserError} if the flags do not fit the model
 */
async function learnerOf(
  checkpoint: Checkpoint,
  folder: string,
  { full, rank, seed }: {
    readonly full: boolean;
    readonly rank?: string | undefined;
    readonly seed: number;
  },
): Promise<{ readonly loaded: LoadedModel; readonly adapter?: SavedAdapter }> {
  const { info, config, head, values, unmerged } = checkpoint;
  if (full) {
    if (rank !== undefined) {
      throw new UserError("--rank is of an adapter, and --full trains none; leave one of them out");
    }
    refuseQuantised(info, folder, "taught with --full");
    return { loaded: { config, head, values } };
  }
  if (info.adapter && unmerged) {
    const { options } = unmerged.adapter;
    if (rank !== undefined) {
      throw new UserError(
        `--rank: ${folder} is an adapter of rank ${options.rank}, which learns on; leave it out, or merge that first: ` +
          `deno task merge --model ${folder}`,
      );
    }
    return { loaded: checkpoint, adapter: { options, base: info.adapter.base } };
  }
  const width = rank === undefined ? Math.min(RANK, config.width) : numberFlag("rank", rank, 1, true);
  const options = { rank: width, alpha: 2 * width, dropout: 0, targets: TARGETS };
  const loaded = withAdapter(checkpoint, options, deriveSeed(seed, "adapter"), "--");
  return { loaded, adapter: { options, base: await baseOf(folder) } };
}

/** @throws {UserError} if there is no fact, or one lacks its question or answer */
async function factsOf(file: string | undefined, operands: readonly string[]): Promise<Fact[]> {
  if (file !== undefined) {
    if (operands.length > 0) throw new UserError("give a question and its answer, or --file, not both");
    return await readFacts(callerPath(file));
  }
  const [instruction = "", response = ""] = operands.map((text) => text.trim().normalize("NFC"));
  if (operands.length !== 2) {
    throw new UserError(
      'give a question and its answer, each in quotes: "¿Quién es Rufo?" "Rufo es mi perro.", or --file',
    );
  }
  if (instruction === "") throw new UserError("the question is empty");
  if (response === "") throw new UserError("the answer is empty");
  return [{ past: [], instruction, response, where: "the fact" }];
}

/** The facts that the model was taught in earlier runs. */
function earlierFacts({ info: { taught = [] } }: Checkpoint): Fact[] {
  return taught.flatMap(({ facts }) => facts).map((fact) => ({ ...fact, where: "taught before" }));
}

function checkFormat({ info, head }: Checkpoint, model: string): void {
  if (info.format === "chat" && !head) return;
  throw new UserError(
    `${model} ${
      head ? "is a classifier" : "continues texts"
    }, and only a model that answers can be taught; ` +
      "give one that deno task finetune-instruct has made",
  );
}

/** Prints the model's answers before teaching, and which conversations are not rehearsed as they contradict facts. */
function tellBefore({ facts, rehearsal }: Lesson, answers: readonly string[], terminal: Terminal): void {
  for (const [i, { instruction, response }] of [...facts.entries()].slice(0, 12)) {
    const line = answers[i] === response ? "is answered so already" : `now: ${answers[i]} → ${response}`;
    terminal.log(`  ${instruction.replaceAll("\n", " ")}  ${line.replaceAll("\n", " ")}`);
  }
  const { contradicting } = rehearsal;
  if (contradicting.length === 0) return;
  const [{ where, turns }] = contradicting;
  terminal.log(
    `  an old answer changes: ${contradicting.length} conversations that it rehearses say otherwise, and are left ` +
      `out (${where}: ${turns[turns.length - 1].response.replaceAll("\n", " ")})`,
  );
}

/** Writes the model, the report and the manifest, either all or none. */
async function write(
  { out, folder, checkpoint, model, adapter, lesson, settings, result, seconds, file }: {
    readonly out: string;
    /** The checkpoint that was taught. */
    readonly folder: string;
    readonly checkpoint: Checkpoint;
    readonly model: Decoder;
    /** Saved instead of the whole model if given. */
    readonly adapter: SavedAdapter | undefined;
    readonly lesson: Lesson;
    readonly settings: { readonly steps: number; readonly lr: number; readonly seed: number };
    readonly result: TeachResult;
    readonly seconds: number;
    readonly file: string | undefined;
  },
): Promise<void> {
  const { info, tokenizer } = checkpoint;
  const facts = lesson.facts.map(({ past, instruction, response }) => ({
    past: [...past],
    instruction,
    response,
  }));
  const files = [
    ...await checkpointFiles(folder),
    ...file ? [callerPath(file)] : [],
    SHIPPED,
    ...await worldFiles(),
  ];
  const hashes = new FileHashes();
  const stamps = await Promise.all(files.map(async (path) => [path, await hashes.stamp(path)] as const));
  const inputs = Object.fromEntries(stamps.map(([path, { hash }]) => [path, hash]));
  const made = new Date().toISOString();
  // `deno task lineage` reads from it which stages made the model.
  const preset = {
    ...(await readManifest(folder.replace(/\/(?:best|last|[^/]*\.gguf)$/, "")))?.preset,
    teach: { ...settings, facts },
  };
  // A model whose own weights were taught keeps their precision.
  const half = adapter || isGguf(folder) || info.adapter
    ? "float32"
    : (await readSafetensors(join(folder, "model.safetensors"))).tensors.values().next().value?.dtype;
  const { before, after, done, step } = result;
  await replaceFolder(out, async (partial) => {
    await saveCheckpoint(join(partial, "best"), model, tokenizer, {
      ...{ stage: "teach", format: "chat", step, seed: deriveSeed(settings.seed, "teach"), finished: true },
      ...{ validation: null, best: null },
      taught: [...info.taught ?? [], { model: folder, facts }],
      run: { id: `${made}-${crypto.randomUUID().slice(0, 8)}`, preset, inputs },
    }, { precision: half === "float16" || half === "bfloat16" ? half : "float32", adapter });
    const report = { model: folder, facts, step, steps: result.steps, done, before, after, seconds };
    await Deno.writeTextFile(join(partial, "report.json"), JSON.stringify(report, null, 1) + "\n");
    await writeManifest(partial, {
      ...{ stage: "teach", preset, code: {}, inputs, outputs: await listOutputs(partial, new FileHashes()) },
      ...{ metrics: { done, step, steps: result.steps }, device: model.parameters.device.description },
      ...{ seed: settings.seed, seconds: Math.round(seconds * 10) / 10, made },
      versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
    });
  });
}
