/** A small project with data for both finetunings and the evaluation. */
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { importGraph } from "../lib/run/imports.ts";
import { ROOT, sampleText, TINY, type Workspace, workspace } from "../lib/run/testing.ts";

export const PRESET = `${TINY}
tokenizer: { always: "0123456789<>¿?" }
finetune-classify:
  tasks:
    who: { data: who.csv, text: texto, label: quién }
  epochs: 2
  batch: 8
  ema: 0.9
finetune-instruct:
  data: [ask.jsonl]
  epochs: 2
  batch: 8
  ema: 0.9
  augment: { case: 0.5, accents: 0.5, punctuation: 0.5, history: 0.5 }
  sample: "¿Qué mira?"
evaluate:
  instruct: { data: [questions.jsonl], max_new_tokens: 5 }
  pairs: { data: [pairs.jsonl] }
  stories: { data: [stories.jsonl], max_new_tokens: 5 }
  samples: { temperatures: [0, 1], tokens: 5 }
`;
const ANIMALS = ["gato", "perra"];
export const TABLE = "texto,quién\n" +
  Array.from({ length: 40 }, (_, i) => `"El ${ANIMALS[i % 2]}, ${i}",${ANIMALS[i % 2]}\n`).join("");
export const ASKED = Array.from(
  { length: 20 },
  (_, i) => JSON.stringify({ instruction: `¿Qué ${i}?`, output: "luna" }) + "\n",
).join("");
const QUESTIONS =
  `{"instruction": "¿Qué mira el gato?", "response": "la luna", "contains": ["luna"], "family": "mirar"}
{"instruction": "¿Qué busca?", "contains": ["mar"]}
{"messages": [{"role": "user", "content": "la"}, {"role": "assistant", "content": "el"}, {"role": "user", "content": "al"}], "family": "turnos"}
`;
const PAIRS = `{"good": "La luna.", "bad": "El luna.", "phenomenon": "artículo"}
{"good": "El mar.", "bad": "La mar.", "phenomenon": "artículo"}
{"good": "El mira.", "bad": "El miras.", "phenomenon": "verbo"}
`;
const STORIES = `{"beginning": "La luna mira a Ana.", "persons": {"Ana": "f"}}
{"beginning": "El gato busca el mar.", "persons": {}}
`;

export async function project(preset = PRESET): Promise<Workspace> {
  const work = await workspace(sampleText(), preset);
  await work.write("who.csv", TABLE);
  await work.write("ask.jsonl", ASKED);
  await work.write("questions.jsonl", QUESTIONS);
  await work.write("pairs.jsonl", PAIRS);
  await work.write("stories.jsonl", STORIES);
  await Deno.mkdir(work.path("data"));
  await Deno.symlink(`${ROOT}data/world`, work.path("data/world"));
  return work;
}

export async function pretrained(preset = PRESET): Promise<Workspace> {
  const work = await project(preset);
  for (const stage of ["prepare-corpus", "build-vocab", "pretrain"]) {
    const { code, output } = await work.run(stage);
    assertEquals(code, 0, output);
  }
  return work;
}

/**
 * Copies the modules that a pipeline runs, and what Deno needs to run them.
 * @param to a folder, ending in /
 */
export async function copyProgram(to: string): Promise<void> {
  const modules = await importGraph(`${ROOT}stages/pipeline.ts`);
  for (const path of [...modules, `${ROOT}deno.json`, `${ROOT}deno.lock`]) {
    const copy = join(to, path.slice(ROOT.length));
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(path, copy);
  }
}
