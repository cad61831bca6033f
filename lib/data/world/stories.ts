/** Tells stories without end: draws frames, plays them and writes them down. */
import { readActions } from "./actions.ts";
import type { Character } from "./characters.ts";
import { once } from "./document.ts";
import type { Value } from "./entity.ts";
import { type Frame, readFrames } from "./frames.ts";
import type { Random } from "./random.ts";
import type { Plan } from "./plan.ts";
import { Play, type StoryWorld } from "./story.ts";
import { type Manner, Teller, type Telling } from "./telling.ts";
import { Wordings } from "./wordings.ts";

/** A story as it is told, and all that is known of it. */
export interface Story extends Plan, Telling, Manner {
  readonly protagonist: Character;
}

/** Shares of stories: told without what is mere colour, and of two frames one after the other. */
const SHORT = 0.25;
const SEQUENCE = 0.25;

export class Stories {
  readonly #frames: readonly Frame[];

  private constructor(readonly world: StoryWorld, private readonly teller: Teller) {
    this.#frames = [...world.frames.values()];
  }

  /** Reads actions, frames and wordings. @throws {UserError} naming file and line of a fault */
  static readonly read = once(async ({ folder, lexicon }) => {
    const actions = await readActions(`${folder}/actions`, lexicon);
    const [frames, openings, endings, feelings] = await Promise.all([
      readFrames(`${folder}/frames`, actions, lexicon),
      Wordings.read(`${folder}/frames/openings.yaml`),
      Wordings.read(`${folder}/frames/endings.yaml`),
      Wordings.read(`${folder}/frames/feelings.yaml`),
    ]);
    const world: StoryWorld = {
      ...{ lexicon, frames, next: openings.of("next"), feelingClause: feelings.of("clause")[0] },
      feelings: new Map(feelings.names.map((name) => [name, feelings.of(name)])),
    };
    return new Stories(world, new Teller(openings, endings));
  });

  /**
   * A story of one of the frames, or of the one that is given.
   * @param brief of one frame, without what is mere colour
   * @throws {UserError} for a fault of a frame
   */
  tell(
    random: Random,
    { frame = random.pick(this.#frames), brief = false }: { frame?: Frame; brief?: boolean } = {},
  ): Story {
    const frames = [frame];
    if (!brief && frame.cast[0].age && random.chance(SEQUENCE)) {
      const second = random.pick(this.#frames);
      if (second !== frame && follows(frame, second)) frames.push(second);
    }
    const plan = new Play(this.world, random, brief || random.chance(SHORT)).play(frames);
    const manner = this.teller.manner(plan, random);
    const told = this.teller.tell(plan, manner, random);
    return { ...plan, ...manner, ...told, protagonist: protagonistOf(plan) as Character };
  }
}

/** Whether the protagonist of one can be that of another. */
function follows({ cast: [one] }: Frame, { cast: [other] }: Frame): boolean {
  return other.age === one.age || other.age === "any";
}

function protagonistOf({ bindings, frames }: Plan): Value {
  return bindings[frames[0].cast[0].name];
}
