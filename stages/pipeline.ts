/**
 * Runs every stage in order, skipping those that are up to date.
 *
 *   deno task pipeline --config configs/mini.yaml
 */
import { main } from "../lib/run/main.ts";
import { definePipeline } from "../lib/run/stage.ts";
import { buildVocab } from "./build-vocab.ts";
import { evaluate } from "./evaluate.ts";
import { finetuneClassify } from "./finetune-classify.ts";
import { finetuneInstruct } from "./finetune-instruct.ts";
import { finetunePreference } from "./finetune-preference.ts";
import { prepareCorpus } from "./prepare-corpus.ts";
import { pretrain } from "./pretrain.ts";

export const pipeline = definePipeline([
  prepareCorpus,
  buildVocab,
  pretrain,
  finetuneClassify,
  finetuneInstruct,
  finetunePreference,
  evaluate,
]);

if (import.meta.main) {
  const { stages } = pipeline;
  const about = `Runs every stage in order: ${stages.map(({ name }) => name).join(", ")}.`;
  await main({ name: "pipeline", about, stages }, pipeline);
}
