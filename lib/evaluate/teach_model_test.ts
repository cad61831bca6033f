import { assert, assertEquals } from "@std/assert";
import { conversationBatch } from "../data/instructions.ts";
import type { Lesson } from "../data/teaching/lesson.ts";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder } from "../model/decoder.ts";
import { Terminal } from "../progress.ts";
import { charTokenizer } from "../text/testing.ts";
import { encodeConversation } from "../text/prompt.ts";
import { configOf } from "../train/measure.ts";
import { languageBatch } from "../train/step.ts";
import { teach } from "../train/teach.ts";
import { askBefore, teachModel } from "./teach_model.ts";
import { Examiner, examTable, sum } from "./teaching.ts";

const KNOWN = [["gatos", "felinos"], ["perros", "caninos"], ["vacas", "bovinos"], ["caballos", "equinos"]]
  .map(([instruction, response]) => ({ instruction, response }));
const FACT = { past: [], instruction: "rufo", response: "mi perro", where: "here" };
const OWN = { past: [], instruction: "rufo", response: "mi perro", fact: 0, reworded: false };
const TOKENIZER = charTokenizer("abcdefghijklmnopqrstuvwxyz ¿?NloéLs.");
const SHAPE = { layers: 1, heads: 2, width: 48, context: 32, batch: 4, vocab: TOKENIZER.size };

const others = (names: string) =>
  names.split(" ").map((instruction) => ({ instruction, sameName: false, unknown: true }));

/** A handmade lesson: one fact in a few wordings, for a model that knows the families of four animals. */
const LESSON: Lesson = {
  facts: [FACT],
  own: [OWN],
  stopping: {
    wordings: [{ ...OWN, instruction: "rufo?" }],
    similar: others("tobi"),
    families: KNOWN.map((turn) => ({ ...turn, family: "animales" })),
  },
  reported: {
    wordings: [{ ...OWN, instruction: "¿rufo." }],
    similar: others("luna"),
    families: KNOWN.map((turn) => ({ ...turn, family: "animales" })),
  },
  similar: others("tina lalo nube lino nina lana loba luci toni tere"),
  rehearsal: { conversations: KNOWN.map((turn) => ({ turns: [turn], where: "there" })), contradicting: [] },
  learned: (_, random) => {
    const instruction = random.pick(["rufo", "¿rufo", "¿rufo?", "rufo ?", "rufo.", "¿rufo ?"]);
    return { turns: [{ instruction, response: FACT.response }], where: "here" };
  },
};

async function knowing() {
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, { ...configOf(SHAPE), dropout: 0 });
  model.initialize(1);
  const rows = KNOWN.map((turn) => encodeConversation(TOKENIZER, [turn], SHAPE.context));
  const batch = languageBatch(model, conversationBatch(rows, SHAPE.context, TOKENIZER.special.pad));
  const schedule = { lr: 5e-3, min_lr: 5e-4, warmup: 10, steps: 120 };
  await teach(model, { seed: 1, schedule, every: 120, patience: 1 }, {
    batches: () => [batch],
    judge: () => Promise.resolve({ score: 1, done: true, line: "" }),
    terminal: new Terminal(),
    signal: new AbortController().signal,
  });
  return { device, model, examiner: new Examiner(model, TOKENIZER, [FACT], 20) };
}

const taskOf = (model: Decoder, signal = new AbortController().signal) => ({
  ...{ model, tokenizer: TOKENIZER, lesson: LESSON, terminal: new Terminal(), signal },
  options: {
    seed: 1,
    schedule: { lr: 3e-3, min_lr: 3e-4, warmup: 8, steps: 150 },
    every: 10,
    patience: 15,
  },
});

Deno.test("a tiny model learns a fact in wordings that it did not see, and its old answers remain", async () => {
  const { device, model, examiner } = await knowing();
  assertEquals((await askBefore(examiner, LESSON)).known, false);
  const { before, after, done } = (await teachModel(taskOf(model), examiner))!;
  assertEquals(before.facts, [{ right: 0, all: 1 }]);
  assertEquals(before.families, { animales: { right: 4, all: 4 } });
  assert(done);
  assertEquals(after.facts, [{ right: 1, all: 1 }]);
  assertEquals(after.families, { animales: { right: 4, all: 4 } });
  assertEquals(sum([after.leaked.others, after.leaked.sameName]), { right: 0, all: 1 });
  assertEquals(await askBefore(examiner, LESSON), { answers: ["mi perro"], known: true });
  const table = examTable([FACT], before, after);
  assert(table.some((line) => /^ {2}rufo +0\/1 +1\/1$/.test(line)), table.join("\n"));
  assert(table.some((line) => /^ {2}animales +4\/4 +4\/4$/.test(line)), table.join("\n"));
  device.close();
});

Deno.test("a teaching that the user stops has no result", async () => {
  const { device, model, examiner } = await knowing();
  assertEquals(await teachModel(taskOf(model, AbortSignal.abort()), examiner), null);
  device.close();
});
