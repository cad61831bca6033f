import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readCheckpointInfo, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { conversationBatch } from "../data/instructions.ts";
import { CpuDevice } from "../device/cpu.ts";
import { exists } from "../files.ts";
import { Decoder } from "../model/decoder.ts";
import { refused, type Workspace, workspace } from "../run/testing.ts";
import { charTokenizer } from "../text/testing.ts";
import { encodeConversation } from "../text/prompt.ts";
import { configOf } from "../train/measure.ts";
import { languageBatch } from "../train/step.ts";
import { teach } from "../train/teach.ts";
import { Terminal } from "../progress.ts";

const KNOWN = [
  ["¿Qué son los gatos?", "Los gatos son felinos."],
  ["¿De qué color es el cielo?", "Azul."],
  ["¿Cómo te llamas?", "Me llamo Desde Cero."],
  ["Hola.", "¡Hola!"],
].map(([instruction, response]) => ({ instruction, response }));
const SHAPE = { layers: 1, heads: 2, width: 48, context: 96, batch: 4, vocab: 0 };

/** A project with a tiny model that knows a few answers by heart, as models/tiny/instruct. */
async function project(): Promise<Workspace> {
  const work = await workspace();
  await Deno.symlink(new URL("../../data", import.meta.url), work.path("data"));
  const alphabet =
    "abcdefghijklmnopqrstuvwxyzáéíóúüñABCDEFGHIJKLMNOPQRSTUVWXYZÁÉÍÓÚÑ0123456789 .,:;¿?¡!«»()\n—-+*/='\"%";
  const tokenizer = charTokenizer(alphabet);
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, { ...configOf({ ...SHAPE, vocab: tokenizer.size }), dropout: 0 });
  model.initialize(1);
  const rows = KNOWN.map((turn) => encodeConversation(tokenizer, [turn], SHAPE.context));
  const batch = languageBatch(model, conversationBatch(rows, SHAPE.context, tokenizer.special.pad));
  await teach(model, {
    seed: 1,
    schedule: { lr: 5e-3, min_lr: 5e-4, warmup: 10, steps: 150 },
    every: 150,
    patience: 1,
  }, {
    batches: () => [batch],
    judge: () => Promise.resolve({ score: 1, done: true, line: "" }),
    terminal: new Terminal(),
    signal: new AbortController().signal,
  });
  for (const [folder, format] of [["instruct", "chat"], ["pretrain", "text"]] as const) {
    await Deno.mkdir(work.path("models/tiny"), { recursive: true });
    const info = { stage: folder, format, step: 1, seed: 1, finished: true, validation: null, best: null };
    await saveCheckpoint(work.path("models/tiny", folder, "best"), model, tokenizer, info);
  }
  device.close();
  return work;
}

const MODEL = ["--model", "models/tiny/instruct", "--device", "cpu", "--threads", "1"];
const FACT = ["¿Quién es Rufo?", "Rufo es mi perro."];

Deno.test("a model in 4 bits is taught by an adapter beside it", async () => {
  await using work = await project();
  const made = await work.writer("quantise", "--model", "models/tiny/instruct", "--to", "q4");
  assertEquals(made.code, 0, made.output);
  const model = ["--model", "models/tiny/instruct-q4", "--device", "cpu", "--threads", "1"];
  const { output } = await work.writer(
    "teach",
    ...model,
    "--out",
    "models/tiny/more",
    "--steps",
    "2",
    ...FACT,
  );
  const info = (await readCheckpointInfo(work.path("models/tiny/more/best")))!;
  assertEquals([info.stage, info.adapter?.base.folder], ["teach", "models/tiny/instruct-q4"], output);
  const asked = await work.tool("ask", "--device", "cpu", "--model", "models/tiny/more", FACT[0]);
  assertEquals(asked.code, 0, asked.output);
});

Deno.test("a model that was taught stands beside the one that it was, opens, and tells what it was taught", async () => {
  await using work = await project();
  const fact = ["¿Qué son los gatos?", "Son mis amigos."];
  const { code, output } = await work.writer("teach", ...MODEL, "--steps", "2", ...fact);
  // Two steps are too few, and it says so.
  assertEquals(code, 1, output);
  for (
    const text of [
      "¿Qué son los gatos?  now: Los gatos son felinos. → Son mis amigos.",
      "an old answer changes: ",
      "known before, by family",
      "about other names or things",
      "models/tiny/taught: taught one fact in",
      "error: models/tiny/taught falls short of its goals",
    ]
  ) assertStringIncludes(output, text);
  const names = [...Deno.readDirSync(work.path("models/tiny"))].map(({ name }) => name).sort();
  assertEquals(names, ["instruct", "pretrain", "taught"]);
  const info = (await readCheckpointInfo(work.path("models/tiny/taught/best")))!;
  assertEquals([info.stage, info.format, info.adapter?.base.folder], [
    "teach",
    "chat",
    "models/tiny/instruct/best",
  ]);
  assert(!await exists(work.path("models/tiny/taught/best/model.safetensors")));
  const facts = [{ past: [], instruction: fact[0], response: fact[1] }];
  assertEquals(info.taught, [{ model: "models/tiny/instruct/best", facts }]);
  const asked = await work.tool("ask", "--model", "models/tiny/taught", "--device", "cpu", "Hola.");
  assertEquals(asked.code, 0, asked.output);
  const lineage = await work.tool("lineage", "models/tiny/taught");
  assertStringIncludes(lineage.output, "taught: ¿Qué son los gatos? → Son mis amigos.");
  assertStringIncludes(lineage.output, "models/tiny/instruct/best/model.safetensors");
  const again = await work.writer("teach", ...MODEL, ...FACT);
  refused(again, "models/tiny/taught holds a model already; give another folder");

  // A taught model can be taught again, on the same base; with --full, both become one whole model.
  const on = ["--model", "models/tiny/taught", ...MODEL.slice(2), "--steps", "1", ...FACT];
  refused(
    await work.writer("teach", "--rank", "4", ...on),
    "models/tiny/taught/best is an adapter of rank 8, which learns on",
  );
  for (const [out, ...how] of [["more"], ["whole", "--full"]]) {
    const { code, output } = await work.writer("teach", "--out", `models/tiny/${out}`, ...how, ...on);
    assertEquals(code, 1, output);
    const { adapter, taught } = (await readCheckpointInfo(work.path(`models/tiny/${out}/best`)))!;
    assertEquals(adapter, how.length > 0 ? undefined : info.adapter);
    assertEquals(taught!.length, 2);
  }
});

Deno.test("each mistake is told in a line, before any work", async () => {
  await using work = await project();
  await work.write("bad.jsonl", '{"instruction": "¿Quién?", "output": "Yo."}\n{"instruction": "¿Quién?"}\n');
  await work.write("models/note.txt", "mine");
  const long = "a".repeat(200);
  const mistakes: [string[], string][] = [
    [FACT, "--model is missing"],
    [MODEL, "give a question and its answer, each in quotes"],
    [[...MODEL, "¿Quién?"], "give a question and its answer, each in quotes"],
    [[...MODEL, " ", "Yo."], "the question is empty"],
    [[...MODEL, "¿Quién?", " "], "the answer is empty"],
    [
      [...MODEL, "¿Quién?", long],
      "question and answer take 210 tokens, and the model holds 96; shorten them",
    ],
    [[...MODEL, "¿Quién?", "Łódź"], "the model cannot write Ł ź"],
    [[...MODEL, "--file", "bad.jsonl"], "bad.jsonl:2: expected "],
    [[...MODEL, "--file", "none.jsonl"], "none.jsonl does not exist"],
    [[...MODEL, "--file", "bad.jsonl", ...FACT], "not both"],
    [[...MODEL, "--steps", "0", ...FACT], "--steps 0: expected a whole number of at least 1"],
    [[...MODEL, "--lr", "x", ...FACT], "--lr x: expected a number"],
    [
      ["--model", "models/tiny/pretrain", ...FACT],
      "models/tiny/pretrain continues texts, and only a model that answers",
    ],
    [[...MODEL, "--rank", "49", ...FACT], "--rank: 49 is above the model's width, which is 48; lower it"],
    [[...MODEL, "--rank", "2", "--full", ...FACT], "--rank is of an adapter, and --full trains none"],
    [["--model", "models/none", ...FACT], "models/none holds no model"],
    [
      [...MODEL, "--out", "models/tiny", ...FACT],
      "--out models/tiny holds the model that is taught, or lies in it",
    ],
    [
      [...MODEL, "--out", "models/tiny/instruct/best/x", ...FACT],
      "holds the model that is taught, or lies in it",
    ],
    [[...MODEL, "--out", "models/tiny/instruct", ...FACT], "holds a model already, the one that is taught"],
    [[...MODEL, "--out", "models", "--force", ...FACT], "holds the model that is taught, or lies in it"],
    [[...MODEL, "--out", "models/note.txt", ...FACT], "--out models/note.txt is a file"],
  ];
  for (const [args, text] of mistakes) refused(await work.writer("teach", ...args), text);
  assertEquals([...Deno.readDirSync(work.path("models/tiny"))].map(({ name }) => name).sort(), [
    "instruct",
    "pretrain",
  ]);
});

Deno.test("Ctrl-C leaves nothing behind", async () => {
  await using work = await project();
  const process = work.startTool("teach", ...MODEL, "--steps", "100000", ...FACT);
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  while (!output.includes(" now: ")) {
    const { done, value = "" } = await reader.read();
    assert(!done, `it ended by itself: ${output}`);
    output += value;
  }
  process.kill("SIGINT");
  for (let next = await reader.read(); !next.done; next = await reader.read()) output += next.value;
  await process.stdout.cancel();
  assertEquals((await process.status).code, 130, output);
  assertStringIncludes(output, "teach: stopped; nothing was written");
  assert(
    !await exists(work.path("models/tiny/taught")) && !await exists(work.path("models/tiny/taught.lock")),
  );
});
