import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { PLAIN } from "../corpus/testing.ts";
import { worldSamples } from "../corpus/world_samples.ts";
import { prepareCorpus } from "../corpus/prepare.ts";
import { readDocuments } from "../documents.ts";
import { allSaid, heldOutQuestions } from "../held_out.ts";
import { worldFiles } from "./folder.ts";
import { type Mix, WorldTexts } from "./options.ts";
import { MIX_OF_CONVERSATIONS, MIX_OF_TEXTS } from "./registry.ts";
import { World } from "./world.ts";

const world = await World.read();

async function corpus(megabytes: number, threads: number): Promise<{ train: string[]; all: string[] }> {
  const out = await Deno.makeTempDir();
  try {
    const options = { ...PLAIN, sources: [{ world: WorldTexts.parse({ megabytes }) }] };
    await prepareCorpus({ options, seed: 1, out, downloads: out, threads });
    const train = await readDocuments(join(out, "train.jsonl"));
    return { train, all: [...train, ...await readDocuments(join(out, "validation.jsonl"))] };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const bytes = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);

Deno.test("a corpus of the world has the size that was asked for, whatever the threads", async () => {
  const { train, all } = await corpus(0.3, 0);
  assertEquals((await corpus(0.3, 2)).train, train);
  const longest = Math.max(...all.map((text) => bytes([text])));
  // One document may go over it; what is cut for validation loses a few blanks.
  assert(bytes(all) > 0.299e6 && bytes(all) <= 0.3e6 + longest, `${bytes(all)} bytes`);
});

Deno.test("the report of a corpus shows a text of each kind and family of a mix, or of all", () => {
  const samples = (mix?: Mix) => worldSamples(world, WorldTexts.parse({ megabytes: 1, seed: 3, mix }));
  const [story, sum, ...others] = samples({ stories: 0.5, letters: 0, aritmética: 0.5 });
  assertEquals([story.name, sum.name, others], ["stories", "aritmética", []]);
  assertEquals(story.text, world.document("story", 3, 0).text);
  assertEquals(samples().map(({ name }) => name), [...world.kinds.keys(), ...world.families.keys()]);
});

Deno.test("the mixes that presets need not give add up to 1, and leave no kind or family out", () => {
  for (
    const [mix, names] of [
      [MIX_OF_TEXTS, [...world.kinds.keys(), ...world.families.keys()]],
      [MIX_OF_CONVERSATIONS, [...world.families.keys()]],
    ] as const
  ) {
    assertEquals(Object.keys(mix).sort(), [...names].sort());
    assertAlmostEquals(Object.values(mix).reduce((sum, share) => sum + share, 0), 1, 1e-9);
  }
});

Deno.test("a document depends on seed and number alone", () => {
  const one = world.texts(3), other = world.texts(3);
  const made = Array.from({ length: 20 }, (_, i) => one.at(i));
  for (let i = 19; i >= 0; i--) assertEquals(other.at(i), made[i]);
  assertEquals(new Set(made).size, 20);
  assert(world.texts(4).at(0) !== made[0]);
});

Deno.test("nothing that is asked comes near a question that is held out", async () => {
  const held = await heldOutQuestions();
  for (const name of world.families.keys()) {
    const drawn = world.conversations(11, { [name]: 1 });
    for (let i = 0; i < 200; i++) {
      const { turns } = drawn.at(i);
      for (const said of [allSaid(turns), ...turns.map(({ instruction }) => instruction)]) {
        assertEquals(held.near(said), null, name);
      }
    }
  }
});

Deno.test("conversations about a kind of text have questions and answers", () => {
  const drawn = world.conversations(1, { descriptions: 1 });
  const turns = Array.from({ length: 50 }, (_, i) => drawn.at(i).turns);
  assert(turns.every((own) => own.length > 0 && own.every((turn) => turn.instruction && turn.response)));
});

Deno.test("what a preset asks of the world is checked", () => {
  const refusal = (value: unknown) => {
    const { success, error } = WorldTexts.safeParse(value);
    assert(!success);
    return error!.issues[0].message;
  };
  const [name] = world.kinds.keys();
  assertStringIncludes(refusal({ megabytes: 1, mix: { [name]: 0.7 } }), "add up to 0.7");
  assertStringIncludes(refusal({ megabytes: 1, mix: { poems: 1 } }), "poems");
  assertStringIncludes(refusal({ megabytes: 0 }), ">0");
  assertEquals(WorldTexts.parse({ megabytes: 1, mix: { [name]: 1 } }).seed, 1);
});

Deno.test("more text than the disk holds is refused before any work", async () => {
  const error = await assertRejects(() => corpus(1e6, 0), UserError);
  assertStringIncludes(error.message, "2000.0 GB will be written, the disk has");
});

Deno.test("a corpus is stale when a word, a wording or a frame changes", async () => {
  const files = await worldFiles();
  assert(files.includes("data/world/words/nouns.tsv") && files.includes("data/world/kinds/description.yaml"));
});
