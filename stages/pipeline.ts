/**
 * Every stage in order, skipping what is up to date.
 *
 *   deno task pipeline --config configs/mini.yaml
 */
import { main } from "../lib/run/stage.ts";
import { buildVocab } from "./build-vocab.ts";
import { prepareCorpus } from "./prepare-corpus.ts";
import { pretrain } from "./pretrain.ts";

if (import.meta.main) {
  const about = "Runs every stage in order: prepare-corpus, build-vocab, pretrain.";
  await main("pipeline", about, [prepareCorpus, buildVocab, pretrain]);
}
