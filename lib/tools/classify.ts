/**
 * Labels texts.
 *
 *   deno task classify --model models/mini/classify/temas "El partido terminó en empate."
 */
import { encodeText } from "../data/labelled.ts";
import { openDevice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { openClassifier, pooledStates, probabilities } from "../train/labels.ts";

const HELP = `Labels texts: prints every label with its probability, the most probable first.

Usage: deno task classify --model FOLDER "text"...

  --model FOLDER   a classifier's checkpoint, such as models/mini/classify/temas
  --json           an object a text, on a line of its own
  --help           this text`;

const program = {
  ...{ name: "classify", help: HELP, operands: true },
  values: ["model"],
  switches: ["json"],
} as const;

await runProgram(program, async (flags, operands) => {
  if (!flags.model) throw new UserError("--model is missing: a folder such as models/mini/classify/temas");
  if (operands.length === 0) {
    throw new UserError('give a text in quotes, such as "El partido terminó en empate."');
  }
  if (operands.some((text) => text.trim() === "")) {
    throw new UserError("the text is empty; give one in quotes");
  }
  const folder = await findCheckpoint(callerPath(flags.model));
  const { device } = await openDevice("auto", {
    trial: async (gpu) => inferOnce(gpu, await readCheckpoint(folder)),
  });
  const { classifier, checkpoint: { tokenizer } } = await openClassifier(device, folder);
  const texts = operands.map((text) => encodeText(tokenizer, text, classifier.config.context));
  const all = await probabilities(classifier, await pooledStates(classifier, texts));
  device.close();
  all.forEach((p, i) => {
    const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }))
      .sort((a, b) => b.probability - a.probability);
    if (flags.json) console.log(JSON.stringify({ text: operands[i], labels }));
    else {
      if (all.length > 1) console.log(`${i > 0 ? "\n" : ""}${operands[i]}`);
      for (const { label, probability } of labels) {
        console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${label}`);
      }
    }
  });
});
