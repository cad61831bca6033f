/** Tells stories without end: draws frames, plays them and writes them down. */
import { readActions } from "./actions.ts";
import type { Character } from "./characters.ts";
import { once } from "./document.ts";
import type { Value } from "./entity.ts";
import { type Frame, readFrames } from "./frames.ts";
import type { Random } from "./random.ts";
import type { Plan } from "./plan.ts";
import { Play, type StoryWorld } from "./story.ts";
import { type Manner, PLAIN, Teller, type Telling } from "./telling.ts";
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
  readonly #scenes: readonly Frame[];

  private constructor(
    readonly world: StoryWorld,
    scenes: ReadonlyMap<string, Frame>,
    private readonly teller: Teller,
  ) {
    this.#frames = [...world.frames.values()];
    this.#scenes = [...scenes.values()];
  }

  /** Reads actions, frames and wordings. @throws {UserError} naming file and line of a fault */
  static readonly read = once(async ({ folder, lexicon }) => {
    const actions = await readActions(`${folder}/actions`, lexicon);
    const [frames, scenes, openings, endings, feelings] = await Promise.all([
      readFrames(`${folder}/frames`, actions, lexicon),
      readFrames(`${folder}/scenes`, actions, lexicon),
      Wordings.read(`${folder}/frames/openings.yaml`),
      Wordings.read(`${folder}/frames/endings.yaml`),
      Wordings.read(`${folder}/frames/feelings.yaml`),
    ]);
    const world: StoryWorld = {
      ...{ lexicon, frames, next: openings.of("next"), feelingClause: feelings.of("clause")[0] },
      feelings: new Map(feelings.names.map((name) => [name, feelings.of(name)])),
    };
    return new Stories(world, scenes, new Teller(openings, endings));
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
    return this.#told(plan, manner, this.teller.tell(plan, manner, random));
  }

  /** A few sentences on what someone did, without beginning or end. */
  scene(random: Random): Story {
    const plan = new Play(this.world, random, false).play([random.pick(this.#scenes)]);
    const manner: Manner = { ...PLAIN, tense: random.chance(0.3) ? "present" : "past" };
    return this.#told(plan, manner, this.teller.tellScene(plan, manner, random));
  }

  #told(plan: Plan, manner: Manner, telling: Telling): Story {
    return { ...plan, ...manner, ...telling, protagonist: protagonistOf(plan) as Character };
  }
}

/** Whether the protagonist of one can be that of another. */
function follows({ cast: [one] }: Frame, { cast: [other] }: Frame): boolean {
  return other.age === one.age || other.age === "any";
}

function protagonistOf({ bindings, frames }: Plan): Value {
  return bindings[frames[0].cast[0].name];
}
