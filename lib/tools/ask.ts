/**
 * Asks a model something.
 *
 *   deno task ask --model models/mini/instruct "¿Qué son los gatos?"
 */
import { parseArgs } from "@std/cli/parse-args";
import { readQuestions } from "../data/instructions.ts";
import { openDevice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { answer } from "../generate/answer.ts";
import { GPT } from "../nn/gpt.ts";
import { deviceFlag, numberFlag } from "../run/flags.ts";
import { exitOnUserError } from "../run/stage.ts";
import { findCheckpoint } from "../train/backbone.ts";
import { readCheckpoint } from "../train/checkpoint.ts";

const HELP = `Asks a model something, and prints its answer.

Usage: deno task ask --model FOLDER [options] "¿…?"
       deno task ask --model FOLDER --file questions.jsonl

  --model FOLDER        a checkpoint, such as models/mini/instruct
  --file FILE           asks every {"instruction": …} line, and prints the lines with an "answer"
  --temperature X       0 takes the most probable token each time (0)
  --top-k N             only the N most probable tokens; 0 for all (0)
  --max-new-tokens N    longest answer (120)
  --seed N              decides what is drawn (1)
  --raw                 prints the whole sequence with its markers
  --device NAME         auto, cpu or webgpu (auto)
  --help                this text`;

await exitOnUserError(async () => {
  const args = parseArgs(Deno.args, {
    boolean: ["raw", "help"],
    string: ["_", "model", "file", "temperature", "top-k", "max-new-tokens", "seed", "device"],
    default: { temperature: "0", "top-k": "0", "max-new-tokens": "120", seed: "1", device: "auto" },
    unknown: (arg: string) => {
      if (arg.startsWith("-")) {
        throw new UserError(`unknown argument ${arg}; deno task ask --help lists what there is`);
      }
    },
  }) as { _: string[]; [flag: string]: unknown };
  if (args.help) return console.log(HELP);
  const text = (name: string) => args[name] as string;
  if (!args.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/mini/instruct");
  }
  if (args._.length + Number(args.file !== undefined) !== 1) {
    throw new UserError('give one question in quotes, such as "¿Qué son los gatos?", or --file');
  }
  const options = {
    temperature: numberFlag("temperature", text("temperature"), 0, false),
    topK: numberFlag("top-k", text("top-k"), 0, true),
    maxNewTokens: numberFlag("max-new-tokens", text("max-new-tokens"), 1, true),
    seed: numberFlag("seed", text("seed"), 0, true),
  };
  const choice = deviceFlag(text("device"));
  const questions = args.file ? await readQuestions(text("file")) : [{ instruction: args._[0].trim() }];
  if (questions[0].instruction === "") throw new UserError("the question is empty");
  const { config, tokenizer, head, values } = await readCheckpoint(await findCheckpoint(text("model")));
  if (head) throw new UserError(`${args.model} is a classifier; use deno task classify`);
  const { device } = await openDevice(choice);
  const model = new GPT(device, config);
  model.load(values);
  for (const question of questions) {
    const { text, raw } = await answer(model, tokenizer, question.instruction, options);
    if (args.file) console.log(JSON.stringify({ ...question, answer: text, ...args.raw ? { raw } : {} }));
    else console.log(args.raw ? raw : text);
  }
  device.close();
});
