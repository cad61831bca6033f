import { assert, assertAlmostEquals } from "@std/assert";
import { WORLD_FOLDER } from "./folder.ts";
import { expectedLength, leastLength } from "./lengths.ts";
import { Lexicon } from "./lexicon.ts";
import { Random } from "./random.ts";
import { Stories } from "./stories.ts";
import { Play } from "./story.ts";

const lexicon = await Lexicon.read(`${WORLD_FOLDER}/words`);
const stories = await Stories.read({ folder: WORLD_FOLDER, lexicon });
const { frames } = stories.world;

Deno.test("stories come out as long as their plans promise", () => {
  const told = Array.from({ length: 300 }, (_, i) => stories.tell(Random.of(1, i)));
  const expected = told.reduce((sum, story) => sum + expectedLength(story), 0);
  const characters = told.flatMap(({ passages }) => passages).reduce((sum, { text }) => sum + text.length, 0);
  assertAlmostEquals(expected / characters, 1, 0.1);
});

Deno.test("no plan of a frame is expected to be shorter than its least", () => {
  for (const frame of frames.values()) {
    const least = leastLength(frame, frames);
    for (let seed = 0; seed < 20; seed++) {
      const plan = new Play(stories.world, Random.of(seed, frame.name), true).play([frame]);
      assert(expectedLength(plan) > least - 1e-6, frame.name);
    }
  }
});

Deno.test("short stories are as short as they should be, and of many frames", () => {
  const tried = Array.from({ length: 1500 }, (_, i) => stories.short(Random.of(2, i), 700));
  const short = tried.filter((story) => story !== undefined);
  assert(short.length > 200);
  assert(short.every(({ text }) => text.length <= 700));
  assert(new Set(short.map(({ frames: [{ name }] }) => name)).size > 30);
});
