/**
 * Asks a model a question.
 *
 *   deno task ask --model models/mini/instruct "¿Qué son los gatos?"
 */
import type { Device } from "../device/device.ts";
import { openDevice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { answer } from "../generate/answer.ts";
import { complete } from "../generate/complete.ts";
import { ConfigError, type ModelConfig, withContext } from "../model/config.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { callerPath } from "../run/caller.ts";
import { deviceFlag, numberFlag, runProgram } from "../run/flags.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpoint, readCheckpointInfo } from "../checkpoint/checkpoint.ts";

const HELP = `Asks a model something, and prints its answer; one that continues texts goes on with yours.

Usage: deno task ask --model FOLDER [options] "¿…?"
       deno task ask --model FOLDER --file questions.jsonl

  --model FOLDER        a checkpoint, such as models/mini/instruct
  --file FILE           asks every line, {"instruction": …} or the {"messages": […]} of a conversation, whose last
                        message is the question or the answer expected, and prints the lines with an "answer"
  --temperature X       0 takes the most probable token each time (0; 0.7 for a model that continues texts)
  --top-k N             only the N most probable tokens; 0 for all (0)
  --max-new-tokens N    longest answer (120)
  --context N           longest sequence in tokens, beyond what the model was trained with if its positions are
                        not learned (what it was trained with)
  --seed N              decides what is drawn (1)
  --raw                 prints the whole sequence with its markers
  --device NAME         auto, cpu or webgpu (auto)
  --help                this text`;

const program = {
  ...{ name: "ask", help: HELP, operands: true },
  values: ["model", "file", "temperature", "top-k", "max-new-tokens", "context", "seed", "device"],
  switches: ["raw"],
} as const;

function contextOf(config: ModelConfig, flag: string): ModelConfig {
  try {
    return withContext(config, numberFlag("context", flag, 2, true));
  } catch (error) {
    if (error instanceof ConfigError) throw new UserError(`--context ${flag}: ${error.why}`);
    throw error;
  }
}

await runProgram(program, async (flags, operands) => {
  if (!flags.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/mini/instruct");
  }
  if (operands.length + Number(flags.file !== undefined) !== 1) {
    throw new UserError('give one question in quotes, such as "¿Qué son los gatos?", or --file');
  }
  const sampling = {
    topK: numberFlag("top-k", flags["top-k"] ?? "0", 0, true),
    maxNewTokens: numberFlag("max-new-tokens", flags["max-new-tokens"] ?? "120", 1, true),
    seed: numberFlag("seed", flags.seed ?? "1", 0, true),
  };
  const choice = deviceFlag(flags.device ?? "auto");
  const questions = flags.file
    ? await (await import("../data/instructions.ts")).readQuestions(callerPath(flags.file))
    : [{ question: { instruction: operands[0].trim() }, line: {} }];
  if (questions[0].question.instruction === "") throw new UserError("the question is empty");
  const folder = await findCheckpoint(callerPath(flags.model));
  const parameters = flags.file ? undefined : (await readCheckpointInfo(folder))?.parameters;
  // Opens the device while the files are read.
  const reading = readCheckpoint(folder);
  const trial = async (gpu: Device) => await inferOnce(gpu, await reading);
  const [checkpoint, { device }] = await Promise.all([
    reading,
    openDevice(choice, { trial, parameters, lazy: true }),
  ]);
  const { config, tokenizer, head } = checkpoint;
  if (head) throw new UserError(`${flags.model} is a classifier; use deno task classify`);
  const continues = checkpoint.info.format === "text";
  const temperature = numberFlag("temperature", flags.temperature ?? (continues ? "0.7" : "0"), 0, false);
  const options = { ...sampling, temperature };
  const model = openDecoder(device, checkpoint, flags.context ? contextOf(config, flags.context) : config);
  for (const { question: { instruction, past = [] }, line } of questions) {
    if (continues) {
      const text = await complete(model, tokenizer, instruction, options);
      console.log(flags.file ? JSON.stringify({ ...line, answer: text }) : instruction + text);
      continue;
    }
    const { text, raw } = await answer(model, tokenizer, instruction, { ...options, past });
    if (flags.file) console.log(JSON.stringify({ ...line, answer: text, ...flags.raw ? { raw } : {} }));
    else console.log(flags.raw ? raw : text);
  }
  device.close();
});
