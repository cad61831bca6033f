/** Both finetunings and the evaluation as a user runs them, and the mistakes a user can make. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, workspace } from "../lib/run/testing.ts";
import { parseMetrics } from "../lib/train/metrics.ts";
import { ASKED, PRESET, pretrained, project, TABLE } from "./testing.ts";

Deno.test("the pipeline finetunes and evaluates; its results can be asked and label texts", async () => {
  await using work = await project();
  const first = await work.run("pipeline");
  assertEquals(first.code, 0, first.output);
  const classify = JSON.parse(await work.read("models/tiny/classify/who/report.json"));
  assertEquals(Object.keys(classify.baselines), ["majority", "naive_bayes", "random_backbone"]);
  assertEquals(classify.texts, { train: 28, validation: 6, test: 6, cut: 0 });
  // Accuracy on training texts is measured on as many texts of each label as the validation has.
  const texts = ["gato", "perra"].map((label) => classify.train.labels[label].texts);
  assertEquals(texts, [3, 3]);
  assertEquals(classify.baselines.majority.accuracy, 0.5);
  assertEquals(classify.baselines.naive_bayes.accuracy, 1);
  for (const name of ["loss.svg", "accuracy.svg", "confusion.svg"]) {
    assertStringIncludes(await work.read(`models/tiny/classify/who/${name}`), "<svg");
  }
  const accuracy = await work.read("models/tiny/classify/who/accuracy.svg");
  for (const curve of [">training texts<", ">validation texts<", "averaged weights"]) {
    assertStringIncludes(accuracy, curve);
  }
  const metrics = parseMetrics(await work.read("models/tiny/classify/who/metrics.jsonl"));
  const measured = (part: "seen" | "validation") =>
    metrics.filter(({ [part]: figures }) => typeof figures?.accuracy === "number").map(({ step }) => step);
  assert(measured("seen").length > 0);
  assertEquals(measured("seen"), measured("validation"));
  for (const folder of ["classify/who", "instruct"]) {
    const { weights } = JSON.parse(await work.read(`models/tiny/${folder}/best/checkpoint.json`));
    assert(["raw", "average"].includes(weights), `${folder}: ${weights}`);
    assert((await work.read(`models/tiny/${folder}/metrics.jsonl`)).includes('"average":{"loss":'), folder);
  }
  const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
  assertEquals(Object.keys(checkpoints), ["base", "instruct", "who"]);
  assertEquals(Object.keys(checkpoints.instruct.instruct.families), ["mirar", "none", "turnos"]);
  for (const name of ["base", "instruct"]) {
    const { all, phenomena, scored } = checkpoints[name].pairs;
    assertEquals([all.pairs, phenomena.artículo.pairs, phenomena.verbo.pairs, scored.length], [3, 2, 1, 3]);
    const { stories } = checkpoints[name];
    assertEquals([stories.all.stories, stories.judged.length], [2, 2]);
    assert(stories.judged.every((story: { text: string }) => story.text.length > 0));
  }
  assertEquals(checkpoints.who.classify.accuracy, classify.test.accuracy);
  assertEquals(checkpoints.base.samples.length, 2);
  assert(checkpoints.base.text.bpb < checkpoints.base.text.bpc); // accents take two bytes
  const page = await work.read("models/tiny/evaluate/report.html");
  for (
    const part of [
      "Side by side",
      "Questions by family",
      "Minimal pairs",
      "Stories",
      "Attention of one text",
      "data:image/svg+xml",
    ]
  ) {
    assertStringIncludes(page, part);
  }
  assert(!/(src|href)="http/.test(page) && !/<script[^>]*\ssrc/.test(page));
  assertEquals(page.match(/<script/g)?.length, 1, "the one that opens it in the reader's language");

  const second = await work.run("pipeline");
  assertEquals(second.output.match(/is up to date/g)?.length, 6, second.output);

  const labels = await work.tool("classify", "--model", "models/tiny/classify/who", "El gato, 3");
  assertEquals(labels.output.match(/% {2}(gato|perra)/g)?.length, 2, labels.output);
  const ask = ["ask", "--model", "models/tiny/instruct", "--max-new-tokens", "5"] as const;
  const raw = await work.tool(...ask, "--raw", "¿<resp>?");
  assertStringIncludes(raw.output, "<instr>¿<resp>?<resp>");
  const asked = (await work.tool(...ask, "--raw", "--file", "questions.jsonl")).output.trim().split("\n");
  const [plain, , turns] = asked.map((line) => JSON.parse(line));
  assertEquals(turns.messages.length, 3);
  assertStringIncludes(turns.raw, "<instr>la<resp>el<eos><instr>al<resp>");
  // evaluate asks the same question: there, too, earlier turns are part of the prompt.
  const evaluated = checkpoints.instruct.instruct.answers;
  assertEquals(evaluated[2].past, [{ instruction: "la", response: "el" }]);
  assertEquals([evaluated[0].answer, evaluated[2].answer], [plain.answer, turns.answer]);
  refused(await work.tool("ask", "--model", "models/tiny/classify/who", "¿Qué?"), "is a classifier");
  refused(await work.tool("classify", "--model", "models/tiny/instruct", "¿Qué?"), "is a language model");
  refused(await work.tool(...ask, "--temperature=-1", "¿Qué?"), "--temperature -1: expected a number");
  refused(await work.tool(...ask), "give one question in quotes");
});

Deno.test("models of every family, and of none, go through every stage, and can be asked", async () => {
  for (
    const [modelType, model] of [
      ["llama", "family: llama"],
      ["qwen3", "family: qwen3, head_width: 10, kv_heads: 1"],
      ["desde-cero", "position: alibi, mlp: relu2, softcap: 20, zero_init: true, dropout: 0.1"],
    ]
  ) {
    await using work = await project(PRESET.replace("context: 16 }", `context: 16, ${model} }`));
    const { code, output } = await work.run("pipeline");
    assertEquals(code, 0, output);
    const config = JSON.parse(await work.read("models/tiny/instruct/best/config.json"));
    assertEquals(config.model_type, modelType);
    const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
    assertEquals(checkpoints.base.positions.at(-1).position > 16, true);
    assert(checkpoints.who.classify.accuracy > 0);
    const ask = await work.tool("ask", "--model", "models/tiny/instruct", "--context", "40", "¿Qué mira?");
    assertEquals(ask.code, 0, ask.output);
  }
  await using work = await pretrained(PRESET.replace(/finetune-classify:[^]*evaluate:/, "evaluate:"));
  const ask = await work.tool("ask", "--model", "models/tiny/pretrain", "--context", "40", "¿Qué?");
  refused(ask, "--context 40: learned positions end with the 16 that the model was trained with");
});

Deno.test("thresholds make evaluate a gate: exit code 1, the figures, and the report all the same", async () => {
  await using work = await pretrained(PRESET.replace(/finetune-classify:[^]*evaluate:/, "evaluate:"));
  const threshold = (
    bounds: string,
  ) => ["--set", `evaluate.thresholds={checkpoints.base.text.bpc: ${bounds}}`];
  const short = await work.run("evaluate", ...threshold("{max: 0.5}"));
  assertEquals(short.code, 1, short.output);
  assertStringIncludes(short.output, "checkpoints.base.text.bpc is");
  assertStringIncludes(await work.read("models/tiny/evaluate/report.html"), "wanted at most 0.5");
  assertEquals(
    (await work.run("evaluate", ...threshold("{max: 0.5}"))).code,
    1,
    "a second run does not forget it",
  );
  assertEquals((await work.run("evaluate", ...threshold("{max: 50}"))).code, 0);
  const typo = ["--set", "evaluate.thresholds={checkpoints.bsae: {max: 1}}"];
  refused(await work.run("evaluate", ...typo), "no bsae in the report; there is base");
  const listed = [
    "--set",
    "evaluate.checkpoints={best: models/tiny/pretrain/best, last: models/tiny/pretrain/last}",
  ];
  assertEquals((await work.run("evaluate", ...listed)).code, 0);
  const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
  assertEquals(Object.keys(checkpoints), ["best", "last"]);
  // Attention is drawn for the first alone, which counts as nobody's memory.
  assertEquals(checkpoints.best.memory_bytes, checkpoints.last.memory_bytes);
});

Deno.test("evaluate judges a classifier on the texts that its own training held out, or refuses", async () => {
  await using work = await pretrained(PRESET.replace(
    "    who: { data: who.csv, text: texto, label: quién }",
    "$&\n    other: { data: other.csv, text: texto, label: quién, split: { validation: 0.2, test: 0.3 } }",
  ));
  await work.write("other.csv", TABLE.replaceAll("El ", "Mi "));
  const { code, output } = await work.run("finetune-classify");
  assertEquals(code, 0, output);
  const folder = (task: string) => `models/tiny/classify/${task}`;
  const report = async (task: string) => JSON.parse(await work.read(`${folder(task)}/report.json`));
  const checkpoints = `evaluate.checkpoints={a: ${folder("other")}, b: ${folder("who")}/last}`;
  // Another seed and another preset's tasks must not change what was held out.
  const text = ["--set", "evaluate.text=[text.txt]", "--set", "seed=99"];
  const listed = ["--set", checkpoints, ...text, "--set", "finetune-classify.tasks.who.data=text.csv"];
  const evaluated = await work.run("evaluate", ...listed);
  assertEquals(evaluated.code, 0, evaluated.output);
  const { a, b } = JSON.parse(await work.read("models/tiny/evaluate/report.json")).checkpoints;
  assertEquals([a.classify.task, b.classify.task], ["other", "who"]);
  const { baselines, ...own } = a.classify, made = await report("other");
  assertEquals(own, { task: "other", ...made.test });
  const { accuracy, macro_f1 } = made.baselines.naive_bayes;
  assertEquals(baselines.naive_bayes, { accuracy, macro_f1 });
  const { origin } = JSON.parse(await work.read(`${folder("who")}/last/checkpoint.json`));
  assertEquals([origin.task, origin.data, Object.keys(origin.hashes)], ["who", "who.csv", ["who.csv"]]);

  await work.write("other.csv", TABLE);
  refused(
    await work.run("evaluate", ...listed),
    "evaluate.checkpoints.a: other.csv has changed since the classifier was trained",
  );
  await Deno.remove(work.path("other.csv"));
  refused(await work.run("evaluate", ...listed), "evaluate.checkpoints.a: other.csv cannot be read");
  const info = JSON.parse(await work.read(`${folder("who")}/last/checkpoint.json`));
  await work.write(`${folder("who")}/last/checkpoint.json`, JSON.stringify({ ...info, origin: undefined }));
  const old = ["--set", `evaluate.checkpoints={b: ${folder("who")}/last}`, ...text];
  refused(await work.run("evaluate", ...old), "does not say which texts it was trained on");
});

Deno.test("freeze decides how many parameters are trained", async () => {
  await using work = await pretrained();
  const trained: number[] = [];
  for (const freeze of ["backbone", "all-but-last 1", "none"]) {
    const run = await work.run("finetune-classify", "--force", "--set", `finetune-classify.freeze=${freeze}`);
    assertEquals(run.code, 0, run.output);
    const [, count] = /([\d,]+) of [\d,]+ parameters are trained/.exec(run.output)!;
    trained.push(Number(count.replace(",", "")));
  }
  assertEquals(trained[0], 2 * 16 + 2); // the head: two labels over 16 channels
  assert(trained[0] < trained[1] && trained[1] < trained[2], trained.join());
});

Deno.test("a class that is rare weighs more, and the report says so", async () => {
  await using work = await pretrained();
  await work.write(
    "who.csv",
    TABLE + Array.from({ length: 40 }, (_, i) => `"Un gato, ${i}",gato\n`).join(""),
  );
  assertEquals((await work.run("finetune-classify")).code, 0);
  assert(JSON.parse(await work.read("models/tiny/classify/who/report.json")).class_weights);
});

const ONE = TABLE.replaceAll("perra", "gato");
const classifyMistakes: { name: string; file?: string; content?: string; args?: string[]; says: string }[] = [
  {
    name: "a label column that is missing",
    args: ["--set", "finetune-classify.tasks.who.label=tema"],
    says: `who.csv:2: there is no column "tema"; there are: texto, quién`,
  },
  {
    name: "one class only",
    file: "who.csv",
    content: ONE,
    says: "who.csv: all 40 texts have the label gato",
  },
  {
    name: "a label that only the test has",
    file: "test.csv",
    content: "texto,quién\nhola,gato\nEl pez,pez\n",
    args: ["--set", "finetune-classify.tasks.who.test=test.csv"],
    says: "test.csv:3: the label pez does not occur in who.csv",
  },
  {
    name: "an empty text",
    file: "who.csv",
    content: `${TABLE}"  ",gato\n`,
    says: "who.csv:42: the text is empty",
  },
  {
    name: "a table of no lines",
    file: "who.csv",
    content: "texto,quién\n",
    says: "who.csv has no examples in it",
  },
  { name: "an empty file", file: "who.csv", content: "", says: "who.csv has no examples in it" },
  {
    name: "a line with fields too many",
    file: "who.csv",
    content: `${TABLE}a,b,c\n`,
    says: "who.csv:42: 3 fields, but line 1 names 2 columns",
  },
  { name: "a quote that never ends", file: "who.csv", content: `${TABLE}"a,gato\n`, says: "who.csv:4" },
  {
    name: "a label of too few texts",
    file: "who.csv",
    content: `${TABLE}"El pez",pez\n`,
    says: "the label pez has 1 texts, too few",
  },
  {
    name: "a file of a kind that is not read",
    args: ["--set", "finetune-classify.tasks.who.data=text.txt"],
    says: "text.txt: of what kind is it?",
  },
  {
    name: "a freeze that does not exist",
    args: ["--set", "finetune-classify.freeze=all"],
    says: "--set finetune-classify.freeze: expected backbone, none or all-but-last N",
  },
  {
    name: "a backbone that is no model",
    args: ["--set", "finetune-classify.backbone=data"],
    says: "data holds no model",
  },
];
const instructMistakes: typeof classifyMistakes = [
  {
    name: "a line that is no JSON",
    file: "ask.jsonl",
    content: `${ASKED}{"instruction": "a", \n`,
    says: "ask.jsonl:21: no JSON",
  },
  {
    name: "a line without an answer",
    file: "ask.jsonl",
    content: `${ASKED}\n{"instruction": "¿Qué?"}\n`,
    says: "ask.jsonl:22: expected",
  },
  {
    name: "an empty instruction",
    file: "ask.jsonl",
    content: `{"instruction": " ", "output": "a"}\n`,
    says: "ask.jsonl:1: expected",
  },
  {
    name: "a chat that ends with a question",
    file: "ask.jsonl",
    content: `{"messages": [{"role": "user", "content": "¿Qué?"}]}\n`,
    says: "ask.jsonl:1: messages of user and assistant must take turns",
  },
  { name: "a file of zero lines", file: "ask.jsonl", content: "", says: "ask.jsonl has no examples in it" },
  {
    name: "a file that is missing",
    args: ["--set", "finetune-instruct.data=[no.jsonl]"],
    says: "no.jsonl does not exist",
  },
  {
    name: "a part to validate that is neither a share nor a number",
    args: ["--set", "finetune-instruct.validation=1.5"],
    says:
      "--set finetune-instruct.validation: expected a part below 1, or a whole number of conversations, got 1.5",
  },
  {
    name: "epochs and steps",
    args: ["--set", "finetune-instruct.epochs=2", "--set", "finetune-instruct.steps=9"],
    says:
      "--set finetune-instruct.steps: finetune-instruct.epochs is given too, and is 2; leave one of them out",
  },
  {
    name: "more to validate than there are",
    args: ["--set", "finetune-instruct.validation=30"],
    says:
      "20 conversations are too few to train and validate on 30; give more, or lower finetune-instruct.validation",
  },
];

Deno.test("mistakes in the data of finetunings are told in one line, with file and line", async (t) => {
  await using work = await pretrained();
  const good: Record<string, string> = { "who.csv": TABLE, "ask.jsonl": ASKED };
  for (const [stage, mistakes] of [["classify", classifyMistakes], ["instruct", instructMistakes]] as const) {
    for (const { name, file, content, args = [], says } of mistakes) {
      await t.step(name, async () => {
        if (file) await work.write(file, content!);
        refused(await work.run(`finetune-${stage}`, ...args), says);
        const out = work.path(`models/tiny/${stage}`);
        assert(!await exists(out) || [...Deno.readDirSync(out)].length === 0);
        if (file) await work.write(file, good[file] ?? "");
      });
    }
  }
});

Deno.test("a backbone from elsewhere must fit the vocabulary, and works if it does", async () => {
  await using work = await pretrained();
  for (const file of ["config.json", "model.safetensors"]) {
    await Deno.mkdir(work.path("elsewhere"), { recursive: true });
    await Deno.copyFile(work.path("models/tiny/pretrain/best", file), work.path("elsewhere", file));
  }
  const from = ["--set", "finetune-classify.backbone=elsewhere"];
  assertEquals((await work.run("finetune-classify", ...from)).code, 0);
  const other = ["--set", 'tokenizer.always="0123456789<>¿?@#"'];
  assertEquals((await work.run("build-vocab", ...other)).code, 0);
  refused(await work.run("finetune-classify", "--force", ...from, ...other), "elsewhere was trained with");
  assert(await exists(work.path("models/tiny/classify/manifest.json")), "what was finished stays so");
});

Deno.test("texts longer than the context are cut, conversations left out, and the log counts them", async () => {
  await using work = await pretrained();
  await work.write("who.csv", `${TABLE}"${"El gato ".repeat(20)}",gato\n`);
  const classify = await work.run("finetune-classify");
  assertStringIncludes(classify.output, "who: 1 texts are longer than the context of 16 tokens");
  const long = { instruction: "¿".repeat(50), output: "la luna" };
  await work.write("ask.jsonl", `${ASKED}${JSON.stringify(long)}\n`);
  const instruct = await work.run("finetune-instruct");
  assertEquals(instruct.code, 0, instruct.output);
  assertStringIncludes(instruct.output, "conversations are longer than the context of 16 tokens; left out");
  await work.write("ask.jsonl", `${JSON.stringify(long)}\n`);
  refused(
    await work.run("finetune-instruct", "--force"),
    "all 1 conversations are longer than the context of 16 tokens",
  );
});

Deno.test("a stage whose section a preset lacks says so, and a pipeline goes without it", async () => {
  await using work = await workspace();
  refused(await work.run("evaluate"), "preset.yaml: there is no section evaluate");
  const { code, output } = await work.run("pipeline");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "finetune-classify: preset.yaml has no such section; left out");
});
