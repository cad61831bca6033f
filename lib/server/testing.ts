/** Tiny models with random weights, as a folder that a server can serve: what they say is nonsense. */
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { Classifier } from "../nn/classifier.ts";
import { GPT } from "../nn/gpt.ts";
import { CharTokenizer } from "../text/char.ts";
import { special } from "../text/special.ts";
import { saveCheckpoint } from "../train/checkpoint.ts";

const ALPHABET = "abcdefghijklmnñopqrstuvwxyzáéíóú ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:¿?¡!<>/()=+-'\n";

/** Writes tiny/instruct, tiny/pretrain and tiny/classify/temas. */
export async function makeModels(folder: string): Promise<void> {
  const device = await CpuDevice.open({ threads: 1 });
  const builder = CharTokenizer.builder();
  builder.add(ALPHABET);
  const tokenizer = builder.build({ minCount: 1, always: "", size: 0 });
  const config = {
    vocab: tokenizer.size,
    context: 64,
    layers: 2,
    heads: 2,
    width: 16,
    hidden: 64,
    dropout: 0,
    bias: true,
    tied: true,
  };
  const info = (stage: string) => ({ stage, step: 1, seed: 1, finished: true, validation: null, best: null });
  for (
    const [name, stage, seed] of [["instruct", "finetune-instruct", 5], ["pretrain", "pretrain", 6]] as const
  ) {
    const model = new GPT(device, config);
    model.initialize(seed);
    await saveCheckpoint(join(folder, "tiny", name, "best"), model, tokenizer, info(stage));
  }
  const head = { labels: ["cocina", "deporte"], pooling: "mean", norm: false, dropout: 0 } as const;
  const classifier = new Classifier(device, config, head, special("<pad>"));
  classifier.initialize(7);
  const path = join(folder, "tiny", "classify", "temas", "best");
  await saveCheckpoint(path, classifier, tokenizer, info("finetune-classify"));
  device.close();
}

if (import.meta.main) await makeModels(Deno.args[0]);
