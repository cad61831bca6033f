/**
 * Trains a model that continues a text, from that text or a folder of texts.
 *
 *   deno task train-on my.txt --minutes 10
 *
 * Writes a preset, configs/<name>.yaml, and runs it; all other tasks can go on from there.
 */
import { UserError } from "../lib/errors.ts";
import { callerPath } from "../lib/run/caller.ts";
import { numberFlag, runProgram } from "../lib/run/flags.ts";
import { requestOf, runStages } from "../lib/run/main.ts";
import { loadPreset } from "../lib/run/preset.ts";
import {
  measureText,
  MINUTES,
  nameOf,
  presetPath,
  type SizeName,
  SIZES,
  writeTextPreset,
} from "../lib/run/text_preset.ts";
import { pipeline } from "./pipeline.ts";
import { pretrain } from "./pretrain.ts";

const sizes = Object.keys(SIZES);

const HELP = `Trains a model that continues a text of your own.

Usage: deno task train-on [options] my.txt
       deno task train-on [options] folder/

  --minutes N      how long to train (${MINUTES}), or as --set pretrain.steps=N
  --size NAME      ${sizes.join(", ")}; auto picks one for the time and the text (auto)
  --name NAME      of what is made: configs/NAME.yaml and models/NAME (the text's name)
  --set KEY=VALUE  another value of the preset, which is written there; repeatable.
                   deno task pipeline --help lists the keys
  --device NAME    auto, cpu or webgpu, as --set device=NAME
  --threads N      threads of the cpu device, as --set threads=N
  --resume         go on with an interrupted training
  --force          replace the preset and the training of that name
  -h, --help       this text

Texts are files that end in .txt, .jsonl (with a key "text"; either also .gz or .zst) or .parquet, or folders of them.`;

const program = {
  ...{ name: "train-on", help: HELP, operands: true },
  values: ["minutes", "size", "name", "device", "threads"],
  lists: ["set"],
  switches: ["resume", "force"],
} as const;

await runProgram(program, async (flags, operands) => {
  if (operands.length === 0) {
    throw new UserError("give a text or a folder of texts, such as deno task train-on my.txt");
  }
  const { size = "auto", minutes = String(MINUTES), device, threads, resume, force } = flags;
  if (!sizes.includes(size)) throw new UserError(`--size ${size}: expected one of ${sizes.join(", ")}`);
  if (resume && force) {
    throw new UserError("--resume goes on with a run and --force starts it anew; leave one out");
  }
  const sources = operands.map(callerPath);
  const name = flags.name ?? nameOf(operands[0]);
  if (name === "") throw new UserError(`${operands[0]}: no name follows from it; give one with --name`);
  const training = {
    name,
    sources,
    size: size as SizeName,
    minutes: numberFlag("minutes", minutes, 0, false),
  };
  const sets = [
    ...flags.set,
    ...device ? [`device=${device}`] : [],
    ...threads ? [`threads=${threads}`] : [],
  ];
  const config = presetPath(name);
  const written = await writeTextPreset(pipeline, training, {
    bytes: await measureText(sources),
    sets,
    replace: force,
  });
  // The commands that messages propose use the preset.
  const request = requestOf(await loadPreset(pipeline, config), pipeline, {
    task: "pipeline",
    config,
    sets: [],
  });
  request.terminal.log(`train-on: ${config} ${written ? "was written" : "is there already"}`);
  const stages = pipeline.stages.slice(0, pipeline.stages.indexOf(pretrain) + 1);
  const code = await runStages({ name: "train-on", stages }, { request, force, resume });
  if (code > 0) Deno.exit(code);
  const model = pretrain.out(request.preset);
  console.log(`${model} continues what you begin:
  deno task ask --model ${model} "…"
  deno task serve`);
});
