/** A folder of tiny models with random weights, which a server can serve; they say nonsense. */
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { Classifier } from "../model/classifier.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { snapshotFolder } from "../runs/snapshots.ts";
import { makeUpRun } from "../runs/testing.ts";
import { charTokenizer } from "../text/testing.ts";
import { type Format, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { quantiseCheckpoint } from "../checkpoint/quantise.ts";
import { type AppOptions, createApp } from "./app.ts";
import { Faq } from "./faq.ts";
import { ModelStore } from "./models.ts";

const ALPHABET = "abcdefghijklmnñopqrstuvwxyzáéíóú ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:¿?¡!<>/()=+-'\n";

/** The tokenizer of the tiny models. */
export const testTokenizer = charTokenizer(ALPHABET);

/** Writes tiny/instruct, tiny/classify/temas, and tiny/pretrain with figures and snapshots of an invented training. */
export async function makeModels(folder: string): Promise<void> {
  const device = await CpuDevice.open({ threads: 1 });
  const tokenizer = testTokenizer;
  const config = modelConfig({ vocab: tokenizer.size, context: 64, layers: 2, heads: 2, width: 16 });
  const info = (stage: string, format: Format) => ({
    stage,
    format,
    step: 1,
    seed: 1,
    finished: true,
    validation: null,
    best: null,
  });
  for (
    const [name, stage, format, seed] of [
      ["instruct", "finetune-instruct", "chat", 5],
      ["pretrain", "pretrain", "text", 6],
    ] as const
  ) {
    const model = new Decoder(device, config);
    model.initialize(seed);
    await saveCheckpoint(join(folder, "tiny", name, "best"), model, tokenizer, info(stage, format));
  }
  await makeUpRun(join(folder, "tiny/pretrain"), { steps: 4, every: 2 });
  for (const step of [0, 1, 2, 4]) {
    const model = new Decoder(device, config);
    model.initialize(10 + step);
    const path = snapshotFolder(join(folder, "tiny/pretrain"), step);
    await saveCheckpoint(path, model, tokenizer, { ...info("pretrain", "text"), step }, {
      precision: "float16",
    });
  }
  const head = { labels: ["cocina", "deporte"], pooling: "mean", norm: false, dropout: 0 } as const;
  const classifier = new Classifier(device, config, head, tokenizer.special.pad);
  classifier.initialize(7);
  const path = join(folder, "tiny", "classify", "temas", "best");
  await saveCheckpoint(path, classifier, tokenizer, info("finetune-classify", "labels"));
  device.close();
}

/** Writes wide/instruct, whose rows are wide enough for blocks of 32 numbers, and its copy in 4 bits. */
async function makeQuantised(folder: string): Promise<void> {
  const device = await CpuDevice.open({ threads: 1 });
  const { size } = testTokenizer;
  const model = new Decoder(
    device,
    modelConfig({ vocab: size, context: 64, layers: 2, heads: 2, width: 32 }),
  );
  model.initialize(8);
  const path = join(folder, "wide", "instruct", "best");
  await saveCheckpoint(path, model, testTokenizer, {
    ...{ stage: "finetune-instruct", format: "chat" },
    ...{ step: 1, seed: 1, finished: true, validation: null, best: null },
  });
  await quantiseCheckpoint(path, "q4", join(folder, "wide", "instruct-q4"));
  device.close();
}

let models: Promise<string> | null = null;

/** A folder of tiny models, the same for all tests of a process. */
export function testModels(): Promise<string> {
  return models ??= (async () => {
    const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
    addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    await makeModels(folder);
    return folder;
  })();
}

export const testFaq = () => Faq.read(new URL("../../configs/faq.yaml", import.meta.url).pathname);

/** An app that serves tiny models and is called without a port. */
export async function testApp(
  { rows = 4, queue = 2000, ...options }: Partial<AppOptions> & { rows?: number; queue?: number } = {},
) {
  const store = await ModelStore.find(await testModels(), "cpu", { rows, queue });
  const app = createApp({ store, faq: await testFaq(), origins: [], timeLimit: 60, ...options });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    Promise.resolve(app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }));
  /** The JSON that answers a request. */
  const ask = async (path: string, body: unknown) => await (await post(path, body)).json();
  return { app, store, post, ask, [Symbol.asyncDispose]: () => store.close() };
}

export const said = (content: string) => [{ role: "user", content }];

/**
 * The data of an event stream, without the final `[DONE]`.
 * @throws if `[DONE]` is missing
 */
export async function eventsOf(response: Response) {
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  if (lines.pop() !== "data: [DONE]") throw new Error("the stream does not end with [DONE]");
  return lines.map((line) => JSON.parse(line.slice(6)));
}

if (import.meta.main) {
  const [folder, more] = Deno.args;
  await makeModels(folder);
  if (more === "--quantised") await makeQuantised(folder);
}
