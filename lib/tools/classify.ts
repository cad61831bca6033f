/**
 * Labels texts.
 *
 *   deno task classify --model models/mini/classify/temas "El partido terminó en empate."
 */
import { parseArgs } from "@std/cli/parse-args";
import { encodeText } from "../data/labelled.ts";
import { openDevice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { exitOnUserError } from "../run/stage.ts";
import { findCheckpoint } from "../train/backbone.ts";
import { openClassifier, pooledStates, probabilities } from "../train/classify.ts";

const HELP = `Labels texts: prints every label with its probability, the most probable first.

Usage: deno task classify --model FOLDER "text"...

  --model FOLDER   a classifier's checkpoint, such as models/mini/classify/temas
  --json           an object a text, on a line of its own
  --help           this text`;

await exitOnUserError(async () => {
  const args = parseArgs(Deno.args, {
    boolean: ["json", "help"],
    string: ["_", "model"],
    unknown: (arg: string) => {
      if (!arg.startsWith("-")) return;
      throw new UserError(`unknown argument ${arg}; deno task classify --help lists what there is`);
    },
  }) as { _: string[]; model?: string; json: boolean; help: boolean };
  if (args.help) return console.log(HELP);
  if (!args.model) throw new UserError("--model is missing: a folder such as models/mini/classify/temas");
  if (args._.length === 0) {
    throw new UserError('give a text in quotes, such as "El partido terminó en empate."');
  }
  if (args._.some((text) => text.trim() === "")) throw new UserError("the text is empty; give one in quotes");
  const { device } = await openDevice("auto");
  const { classifier, checkpoint: { tokenizer } } = await openClassifier(
    device,
    await findCheckpoint(args.model),
  );
  const texts = args._.map((text) => encodeText(tokenizer, text, classifier.config.context));
  const all = await probabilities(classifier, await pooledStates(classifier, texts));
  device.close();
  all.forEach((p, i) => {
    const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }))
      .sort((a, b) => b.probability - a.probability);
    if (args.json) console.log(JSON.stringify({ text: args._[i], labels }));
    else {
      if (all.length > 1) console.log(`${i > 0 ? "\n" : ""}${args._[i]}`);
      for (const { label, probability } of labels) {
        console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${label}`);
      }
    }
  });
});
