/** Stories, with their facts and questions about them. */
import type { Document, Exchange, Kind, WorldFiles } from "../document.ts";
import { Random } from "../random.ts";
import { Stories, type Story } from "../stories.ts";
import { StoryQuestions } from "../comprehension/questions.ts";

/** Most questions of a story. */
const QUESTIONS = 6;

export async function load(files: WorldFiles): Promise<Kind> {
  const [stories, questions] = await Promise.all([Stories.read(files), StoryQuestions.read(files)]);
  return {
    name: "story",
    write: (random) => new StoryDocument(stories.tell(random), questions, random.below(2 ** 32)),
  };
}

/** Makes its questions on demand, as many texts are wanted without. */
class StoryDocument implements Document {
  readonly kind = "story";
  readonly text: string;

  constructor(
    private readonly story: Story,
    private readonly asker: StoryQuestions,
    private readonly seed: number,
  ) {
    this.text = story.text;
  }

  get facts(): string[] {
    return this.asker.facts(this.story, Random.of(this.seed, "facts"));
  }

  get questions(): Exchange[] {
    return this.some(QUESTIONS);
  }

  some(n: number): Exchange[] {
    return this.asker.ask(this.story, Random.of(this.seed, "questions"), n);
  }
}
