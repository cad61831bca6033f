/** Adapters beside a base that they share, chosen by the name of the model. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { baseOf, withAdapter } from "../checkpoint/adapted.ts";
import { readBackbone } from "../checkpoint/backbone.ts";
import { readCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { quantiseCheckpoint } from "../checkpoint/quantise.ts";
import { valuesOf } from "../checkpoint/testing.ts";
import { CpuDevice } from "../device/cpu.ts";
import { answer } from "../generate/answer.ts";
import { TARGETS } from "../model/adapter.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { createApp } from "./app.ts";
import { Faq } from "./faq.ts";
import { type LanguageModel, ModelStore } from "./models.ts";
import { makeModels, said, testTokenizer } from "./testing.ts";

const device = await CpuDevice.open({ threads: 1 });

const BASE = "tiny/pretrain/best";

/** Saves an adapter that answers. */
async function makeAdapter(
  folder: string,
  name: string,
  { rank, alpha, on = BASE }: { rank: number; alpha: number; on?: string },
): Promise<void> {
  const base = join(folder, on), options = { rank, alpha, dropout: 0, targets: TARGETS };
  const loaded = withAdapter(await readBackbone(base, "none", true), options, 1, "adapter");
  const model = openDecoder(device, loaded);
  const known = new Set(parameterSpecs(model.config).map(({ name }) => name));
  model.load((spec) => known.has(spec.name) ? loaded.unmerged!.base.values(spec) : valuesOf(spec));
  await saveCheckpoint(join(folder, "tiny", name, "best"), model, testTokenizer, {
    ...{ stage: "finetune-instruct", format: "chat", step: 1, seed: rank, finished: true },
    ...{ validation: null, best: null },
  }, { adapter: { options, base: await baseOf(base) } });
  model.release();
}

/** Saves a base in 4 bits that is wide enough for blocks, as tiny/q4. */
async function makeQuantised(folder: string): Promise<void> {
  const shape = { vocab: testTokenizer.size, context: 64, layers: 2, heads: 2, width: 64 };
  const model = new Decoder(device, modelConfig(shape)), wide = join(folder, "tiny/wide/best");
  model.initialize(6);
  await saveCheckpoint(wide, model, testTokenizer, {
    ...{ stage: "pretrain", format: "text", step: 1, seed: 6, finished: true },
    ...{ validation: null, best: null },
  });
  model.release();
  await quantiseCheckpoint(wide, "q4", join(folder, "tiny/q4"));
}

/** What a model answers when it is alone. */
async function alone(folder: string, name: string, question: string): Promise<string> {
  const model = openDecoder(device, await readCheckpoint(join(folder, "tiny", name, "best")));
  const drawing = { maxNewTokens: 8, temperature: 0, topK: 0, seed: 1 };
  const { text } = await answer(model, testTokenizer, question, drawing);
  model.release();
  return text;
}

async function withAdapters(
  test: (server: {
    folder: string;
    store: ModelStore;
    ask(model: string, question?: string): Promise<string>;
  }) => Promise<void>,
  on = BASE,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  await makeModels(folder);
  if (on !== BASE) await makeQuantised(folder);
  await makeAdapter(folder, "uno", { rank: 2, alpha: 1, on });
  await makeAdapter(folder, "dos", { rank: 4, alpha: 2, on });
  const store = await ModelStore.find(folder, "cpu", { rows: 4, queue: 8, searchAfter: 0, closeAfter: 0 });
  const app = createApp({ store, faq: new Faq([]), origins: [], timeLimit: 60 });
  try {
    await test({
      ...{ folder, store },
      async ask(model, question = "hola") {
        const response = await app.request("/v1/chat/completions", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model, messages: said(question), max_tokens: 8, temperature: 0 }),
        });
        const json = await response.json();
        assertEquals(response.status, 200, JSON.stringify(json));
        return json.choices[0].message.content;
      },
    });
  } finally {
    await store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a base and its adapters, chosen by name, answer in one batch what each answers alone", () =>
  withAdapters(async ({ folder, store, ask }) => {
    assertEquals(store.listed.filter(({ kind }) => kind === "chat").map(({ id }) => id).sort(), [
      "tiny/dos",
      "tiny/instruct",
      "tiny/uno",
    ]);
    const names = ["uno", "pretrain", "dos", "uno", "dos"];
    // It continues what is said, and is not told that it is a question.
    const continued = await ask("tiny/pretrain");
    const expected = await Promise.all(
      names.map((name) => name === "pretrain" ? continued : alone(folder, name, "hola")),
    );
    assertEquals(new Set(expected).size, 3, "they differ");
    // Twice: what rows of the cache keep of one adapter is of no use to another.
    for (const _ of [1, 2]) {
      assertEquals(await Promise.all(names.map((name) => ask(`tiny/${name}`))), expected);
    }
    for (const name of ["dos", "pretrain", "uno"]) {
      assertEquals(await ask(`tiny/${name}`, "hola"), expected[names.indexOf(name)]);
    }
    const open = (name: string) => store.open(`tiny/${name}`) as Promise<LanguageModel>;
    const [one, two, base] = [await open("uno"), await open("dos"), await open("pretrain")];
    assert(one.batcher === two.batcher && two.batcher === base.batcher);
    assert(one.decoder.parameters === base.decoder.parameters);
    assertEquals(store.load(), { active: 0, waiting: 0 });
  }));

Deno.test("a base in 4 bits stays so beside its adapters, and they answer in one batch as alone", () =>
  withAdapters(async ({ folder, store, ask }) => {
    const names = ["uno", "dos", "uno"];
    const expected = await Promise.all(names.map((name) => alone(folder, name, "hola")));
    assertEquals(new Set(expected).size, 2, "they differ");
    const continued = await ask("tiny/q4");
    const [last, ...answers] = await Promise.all(["q4", ...names].map((name) => ask(`tiny/${name}`)));
    assertEquals([last, ...answers], [continued, ...expected]);
    const open = (name: string) => store.open(`tiny/${name}`) as Promise<LanguageModel>;
    const { decoder: { parameters } } = await open("q4");
    assertEquals(parameters.get("blocks.0.mlp.up.weight").blocks, "q4_0");
    for (const name of names) assert((await open(name)).decoder.parameters === parameters);
  }, "tiny/q4"));

Deno.test("the base is on the device once, whichever of its models is asked first and goes away", () =>
  withAdapters(async ({ folder, store, ask }) => {
    await ask("tiny/uno");
    const { decoder } = await store.open("tiny/uno") as LanguageModel;
    const before = store.memory();
    await ask("tiny/dos");
    const continued = await ask("tiny/pretrain");
    assert(store.memory() - before < decoder.parameters.bytes, "less than another base would take");

    // One is made anew, and the other goes away; the base stays for whom it has.
    await makeAdapter(folder, "uno", { rank: 3, alpha: 6 });
    await Deno.remove(join(folder, "tiny/dos"), { recursive: true });
    await store.refresh();
    assertEquals(await ask("tiny/uno"), await alone(folder, "uno", "hola"));
    assertEquals(await ask("tiny/pretrain"), continued);
    assert((await store.open("tiny/uno") as LanguageModel).decoder.parameters === decoder.parameters);
  }));

Deno.test("an adapter without its base is left out, and one on another base is not opened", () =>
  withAdapters(async ({ folder, store }) => {
    const said: string[] = [], { error } = console;
    console.error = (line) => said.push(String(line));
    try {
      const base = join(folder, "tiny/pretrain/best");
      await Deno.rename(join(folder, "tiny/instruct/best"), join(folder, "spare"));
      await Deno.rename(base, join(folder, "tiny/instruct/best"));
      await store.refresh();
      assertStringIncludes(said.join("\n"), `is an adapter for ${base}, which is not there; restore that`);
      assert(store.listed.every(({ id }) => id !== "tiny/uno"));
      await Deno.rename(join(folder, "spare"), base);
      await store.refresh();
      const message = await store.open("tiny/uno")!.catch((error) => error.message);
      assertEquals(message, "tiny/uno cannot be opened; the server's log says why");
      assertStringIncludes(said.join("\n"), "is an adapter for another base: ");
    } finally {
      console.error = error;
    }
  }));
