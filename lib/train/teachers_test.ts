import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { readCheckpoint, readCheckpointInfo, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { UserError } from "../errors.ts";
import { type ModelConfig, modelConfig } from "../model/config.ts";
import { Decoder, initialValues } from "../model/decoder.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { relativeError } from "../ops/conformance.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { differentiate } from "../ops/tape.ts";
import { Terminal } from "../progress.ts";
import { deriveSeed, randomBits } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import { charTokenizer } from "../text/testing.ts";
import { type LoopOptions, train } from "./loop.ts";
import { requireMemory } from "./memory.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { computeGradients, highestLanguageLoss, languageBatch, updateWeights } from "./step.ts";
import { TeacherSection } from "./teacher_section.ts";
import { type LoadedTeacher, readTeachers, teacherFiles, Teachers } from "./teachers.ts";

const TOKENIZER = charTokenizer("abc");
const CONFIG = modelConfig({ vocab: TOKENIZER.size, context: 8, layers: 1, heads: 2, width: 16 });
const OPTIMIZER: OptimizerOptions = {
  algorithm: "adamw",
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  clip: 1,
};

/** Weights ten times as large as initial ones, so that the model is confident in its predictions. */
const opinions = (spec: ParameterSpec) =>
  initialValues(spec, 5).map((value) => spec.role === "vector" ? value : 10 * value);

const teacher: LoadedTeacher = { folder: "teacher", config: CONFIG, head: null, values: opinions };

function batchOf(step: number) {
  const [batch, time] = [4, CONFIG.context];
  const draw = (kind: string) =>
    Uint32Array.from(
      { length: batch * time },
      (_, i) => randomBits(deriveSeed(step, kind), i) % CONFIG.vocab,
    );
  return { tokens: { ids: draw("ids"), batch, time }, targets: draw("targets") };
}

async function student(device?: Device): Promise<Decoder> {
  const model = new Decoder(device ?? await CpuDevice.open({ threads: 1 }), CONFIG);
  model.initialize(1);
  return model;
}

Deno.test("a student comes to say what its teacher says, whatever the text says", async () => {
  const model = await student();
  const { device } = model.parameters;
  const teachers = new Teachers(device, [teacher], { temperature: 2, weight: 1 }, false);
  const judge = new Teachers(device, [teacher], { temperature: 1, weight: 1 }, false);
  const { tokens, targets } = batchOf(1000);
  /** KL(teacher ‖ student) on unseen text, in nats per token. */
  const divergence = async () =>
    (await scope(() => device.read(judge.loss(model, tokens, targets).buffer)))[0];
  const before = await divergence();
  const optimizer = new Optimizer(model.parameters, OPTIMIZER);
  for (let step = 1; step <= 200; step++) {
    computeGradients(optimizer, [languageBatch(model, batchOf(step), teachers)], step);
    updateWeights(optimizer, step, 0.01, 1);
  }
  const after = await divergence();
  assert(after > 0 && after < before / 4, `the divergence went from ${before} to ${after}`);
  device.close();
});

Deno.test("a loss beside teachers is between the text's and theirs, and ignores what the text's does", async () => {
  const model = await student(new OracleDevice());
  const { device } = model.parameters;
  const { tokens, targets } = batchOf(1);
  const some = targets.map((target, i) => i % 3 === 0 ? IGNORED : target);
  const loss = async (weight: number, targets: Uint32Array, loaded = [teacher]) => {
    const teachers = new Teachers(device, loaded, { temperature: 3, weight }, false);
    return (await scope(() => device.read(teachers.loss(model, tokens, targets).buffer)))[0];
  };
  const text = (await scope(() => device.read(model.loss(tokens, some).buffer)))[0];
  const theirs = await loss(1, some);
  assertAlmostEquals(await loss(0.25, some), 0.75 * text + 0.25 * theirs, 1e-6);
  assertAlmostEquals(await loss(1, some, [teacher, teacher, teacher]), theirs, 1e-6);
  const other = some.map((target) => target === IGNORED ? IGNORED : 0);
  assertAlmostEquals(
    await loss(1, other),
    theirs,
    1e-9,
    "the teachers' part does not ask what the text says",
  );
  assertEquals(await loss(0.5, targets.map(() => IGNORED)), 0);
});

for (const { name, device } of await testDevices()) {
  for (const mixed of device.float16 ? [false, true] : [false]) {
    Deno.test(`${name}: the gradients of a step beside teachers${mixed ? " in float16" : ""} are the oracle's`, async () => {
      /** The arena of gradients, and the loss. */
      const step = async (device: Device, mixed: boolean) => {
        const model = await student(device);
        if (mixed) model.parameters.addFloat16Copies();
        const other = { ...teacher, config: { ...CONFIG, layers: 2 } };
        const teachers = new Teachers(device, [teacher, other], { temperature: 2, weight: 0.7 }, mixed);
        const { gradients } = model.parameters, { tokens, targets } = batchOf(1);
        const loss = scope(() => {
          const loss = differentiate(() => teachers.loss(model, tokens, targets));
          return device.read(loss.buffer);
        });
        return [await device.read(gradients.buffer), await loss];
      };
      const expected = await step(new OracleDevice(), false), actual = await step(device, mixed);
      expected.forEach((values, i) => assertLess(relativeError(actual[i], values), mixed ? 2e-2 : 1e-4));
    });
  }
}

Deno.test("teachers take the memory of their weights, and a step leaves nothing of them behind", async () => {
  const device = new OracleDevice();
  const model = await student(device);
  const before = device.memory().used;
  const teachers = new Teachers(device, [teacher, teacher], { temperature: 2, weight: 0.5 }, false);
  const { weights } = model.parameters;
  assertEquals(device.memory().used - before, 2 * 4 * weights.size);
  const optimizer = new Optimizer(model.parameters, OPTIMIZER);
  const used = device.memory().used;
  computeGradients(optimizer, [languageBatch(model, batchOf(1), teachers)], 1);
  assertEquals(device.memory().used - used, 4 * weights.size, "the student's gradients alone stay");
});

Deno.test("a loss beside teachers may be as high as it is for a student that knows nothing", async () => {
  const model = await student(new OracleDevice());
  const evenly = Math.log(CONFIG.vocab);
  assertAlmostEquals(highestLanguageLoss(model), 3 * evenly);
  const teachers = new Teachers(model.parameters.device, [teacher], { temperature: 4, weight: 0.5 }, false);
  assertAlmostEquals(highestLanguageLoss(model, teachers), 3 * (0.5 + 0.5 * 16) * evenly);
});

Deno.test("training beside teachers that is interrupted goes on to the same bits", async () => {
  const options: LoopOptions = {
    stage: "pretrain",
    format: "text",
    seed: 1,
    schedule: { lr: 0.01, min_lr: 0.001, warmup: 2, steps: 9 },
    optimizer: OPTIMIZER,
    accumulate: 2,
    mixed: false,
    every: { log: 0, evaluate: 0, sample: 0, save: 0 },
  };
  const run = async (out: string, until = Infinity) => {
    const stop = new AbortController();
    const model = await student();
    const resume = await readCheckpointInfo(join(out, "last"));
    if (resume) model.load((await readCheckpoint(join(out, "last"))).values);
    const teachers = new Teachers(model.parameters.device, [teacher], { temperature: 2, weight: 0.5 }, false);
    await train(options, {
      model,
      tokenizer: TOKENIZER,
      out,
      resumable: true,
      resume,
      highestLoss: highestLanguageLoss(model, teachers),
      batch(step, micro) {
        if (step === until) stop.abort();
        return languageBatch(model, batchOf(2 * step + micro), teachers);
      },
      evaluate: () => Promise.reject(new Error("was not asked for")),
      terminal: new Terminal(),
      signal: stop.signal,
    });
    model.parameters.device.close();
    const files = ["model", "optimizer"].map((name) => Deno.readFile(join(out, `last/${name}.safetensors`)));
    return await Promise.all(files);
  };
  const [whole, parts] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  await run(parts, 4);
  assertEquals(await run(parts), await run(whole));
  for (const out of [whole, parts]) await Deno.remove(out, { recursive: true });
});

/** Saves a checkpoint, and returns its folder. */
async function saved(config: ModelConfig, tokenizer = TOKENIZER): Promise<string> {
  const folder = join(await Deno.makeTempDir(), "model");
  const model = new Decoder(new OracleDevice(), config);
  model.initialize(1);
  const info = { stage: "pretrain", step: 1, seed: 1, finished: true, validation: null, best: null } as const;
  await saveCheckpoint(folder, model, tokenizer, { ...info, format: "text" });
  return folder;
}

Deno.test("teachers are read; what cannot teach the student is told in a line that names the key", async () => {
  const asked = (...checkpoints: string[]) => ({
    key: "pretrain.teacher",
    options: { checkpoints, temperature: 2, weight: 0.5 },
    vocabulary: "none",
    out: "models/student/pretrain",
  });
  const ours = { tokenizer: TOKENIZER, config: CONFIG };
  const larger = await saved({ ...CONFIG, layers: 2, context: 12 });
  assertEquals((await readTeachers(asked(larger), ours)).map(({ config }) => config.layers), [2]);
  assertEquals(await readTeachers({ ...asked(), options: undefined }, ours), []);
  assertEquals((await teacherFiles(asked(larger, larger))).map((path) => path.slice(larger.length)), [
    "/config.json",
    "/model.safetensors",
    "/tokenizer.json",
    "/tokenizer_config.json",
  ]);

  const refuses = async (folder: string, text: string, read: () => Promise<unknown>) => {
    const { message } = await assertRejects(read, UserError, text);
    assert(message.startsWith(`pretrain.teacher: ${folder} `) && !message.includes("\n"), message);
  };
  const other = charTokenizer("abd"), short = await saved({ ...CONFIG, context: 7 });
  const foreign = await saved(CONFIG, other);
  assertEquals(other.size, TOKENIZER.size);
  await refuses(foreign, "has another vocabulary than the student", () => readTeachers(asked(foreign), ours));
  await refuses(
    short,
    "a context of 7 tokens, and the student one of 8",
    () => readTeachers(asked(larger, short), ours),
  );
  await refuses("nowhere", "holds no model", () => teacherFiles(asked("nowhere")));
  const own = "models/student/pretrain/best";
  await refuses(own, "is what this training writes", () => teacherFiles(asked(own)));
});

Deno.test("one teacher or a list of them is given, a temperature and a weight that make sense", () => {
  const parse = (given: unknown) => TeacherSection.parse(given);
  assertEquals(parse({ checkpoint: "a" }), { checkpoints: ["a"], temperature: 2, weight: 0.5 });
  assertEquals(parse({ checkpoints: ["a", "b"], weight: 1 }).checkpoints, ["a", "b"]);
  assertEquals(parse(parse({ checkpoint: "a" })).checkpoints, ["a"], "a recorded preset is one too");
  assertThrows(() => parse({ checkpoint: "a", checkpoints: ["b"] }), Error, "leave one out");
  assertThrows(() => parse({ weight: 0.5 }), Error, "no teacher is named");
  for (const wrong of [{ weight: 0 }, { weight: 1.1 }, { temperature: 0 }, { checkpoints: [] }]) {
    assertThrows(() => parse({ checkpoint: "a", ...wrong }));
  }
});

Deno.test("the memory that training takes counts its teachers", () => {
  const config = modelConfig({ vocab: 1000, context: 128, layers: 2, heads: 2, width: 64 });
  const large = modelConfig({ vocab: 1000, context: 128, layers: 8, heads: 8, width: 512 });
  const device = { name: "cpu", memory: () => ({ used: 0, peak: 0, reach: 2 ** 26 }) } as unknown as Device;
  const check = (teachers: ModelConfig[], section = "pretrain") =>
    requireMemory(device, config, { section, sequences: 8, teachers });
  check([]);
  check([config]);
  const { message } = assertThrows(
    () => check([large]),
    UserError,
    "beside its teachers takes about 0.2 GiB, the cpu device reaches 0.1 GiB here; take smaller teachers, lower",
  );
  assertLess(message.indexOf("pretrain.batch, model.context"), message.length);
  assertThrows(() => check([large], "finetune-instruct"), UserError, "lower finetune-instruct.batch, or use");
});
