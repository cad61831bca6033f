/** Comprehension: a scene or a story, and questions that its text answers; a conversation asks up to four. */
import { mixesAddress } from "../address.ts";
import type { Exchange, Family, WorldFiles } from "../document.ts";
import type { Random } from "../random.ts";
import { Stories } from "../stories.ts";
import { StoryQuestions } from "../comprehension/questions.ts";
import { Asking } from "./asking.ts";

/** Most characters of a story that is asked about, as it must fit into the model's context. */
const LONGEST = 560;
/** Share of questions about a scene of a few sentences. */
const SCENES = 0.7;

export async function load(files: WorldFiles): Promise<Family> {
  const [stories, questions, asking] = await Promise.all([
    Stories.read(files),
    StoryQuestions.read(files),
    Asking.load(files),
  ]);
  return {
    name: "comprensión",
    ask(random: Random): Exchange {
      for (;;) {
        const story = random.chance(SCENES) ? stories.scene(random) : stories.short(random, LONGEST);
        if (!story || story.text.length > LONGEST) continue;
        const asked = questions.draw(story, random, random.weighted([[1, 3], [2, 3], [3, 3], [4, 2]]));
        const [first, ...turns] = asked.flatMap((one) => questions.exchange(one, random).turns);
        if (!first || mixesAddress([first, ...turns])) continue;
        const instruction = asking.around(story.text, first.instruction, random);
        return { family: "comprensión", turns: [{ ...first, instruction }, ...turns] };
      }
    },
  };
}
