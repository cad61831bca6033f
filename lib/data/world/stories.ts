/** Tells any number of stories: draws frames, plays them and writes them down. */
import { readActions } from "./actions.ts";
import type { Character } from "./characters.ts";
import { once } from "./document.ts";
import type { Value } from "./entity.ts";
import { type Frame, readFrames } from "./frames.ts";
import { expectedLength, leastLength } from "./lengths.ts";
import type { Random } from "./random.ts";
import type { Plan } from "./plan.ts";
import { Play, type StoryWorld } from "./story.ts";
import { type Manner, PLAIN, Teller, type Telling } from "./telling.ts";
import { Wordings } from "./wordings.ts";

/** A told story, and all that is known about it. */
export interface Story extends Plan, Telling, Manner {
  readonly protagonist: Character;
}

/** Shares of stories that leave out optional colour, and of those made of two frames in a row. */
const SHORT = 0.25;
const SEQUENCE = 0.25;
/** Low estimate of the characters of opening and ending (most have over 100), so that few short stories are refused. */
const AROUND = 50;

export class Stories {
  readonly #frames: readonly Frame[];
  readonly #scenes: readonly Frame[];
  /** Least expected characters of each frame. */
  readonly #least = new Map<Frame, number>();

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
   * Tells a story of a random frame, or of the given one.
   * @throws {UserError} if a frame has a fault
   */
  tell(random: Random, { frame = random.pick(this.#frames) }: { frame?: Frame } = {}): Story {
    const frames = [frame];
    if (frame.cast[0].age && random.chance(SEQUENCE)) {
      const second = random.pick(this.#frames);
      if (second !== frame && follows(frame, second)) frames.push(second);
    }
    return this.#told(new Play(this.world, random, random.chance(SHORT)).play(frames), random);
  }

  /**
   * Tries to tell a story of one frame, without optional colour, in at most `longest` characters; undefined if it is or
   * would probably be longer.
   * @throws {UserError} if a frame has a fault
   */
  short(random: Random, longest: number): Story | undefined {
    const frame = random.pick(this.#frames);
    if (this.#leastOf(frame) > longest - AROUND) return undefined;
    const plan = new Play(this.world, random, true).play([frame]);
    if (expectedLength(plan) > longest - AROUND) return undefined;
    const story = this.#told(plan, random);
    return story.text.length <= longest ? story : undefined;
  }

  #leastOf(frame: Frame): number {
    let least = this.#least.get(frame);
    if (least === undefined) this.#least.set(frame, least = leastLength(frame, this.world.frames));
    return least;
  }

  #told(plan: Plan, random: Random): Story {
    const manner = this.teller.manner(plan, random);
    return this.#story(plan, manner, this.teller.tell(plan, manner, random));
  }

  /** A few sentences on what someone did, without beginning or end. */
  scene(random: Random): Story {
    const plan = new Play(this.world, random, false).play([random.pick(this.#scenes)]);
    const manner: Manner = { ...PLAIN, tense: random.chance(0.3) ? "present" : "past" };
    return this.#story(plan, manner, this.teller.tellScene(plan, manner, random));
  }

  #story(plan: Plan, manner: Manner, telling: Telling): Story {
    const { items, events, state, cast, bindings, frames, town, owners, draw } = plan;
    const { tense, quotes, voice, narrator } = manner;
    const { text, opening, general, passages, ending } = telling;
    return {
      ...{ items, events, state, cast, bindings, frames, town, owners, draw, tense, quotes, voice, narrator },
      ...{ text, opening, general, passages, ending, protagonist: protagonistOf(plan) as Character },
    };
  }
}

/** Whether the protagonist of one frame can be that of another. */
function follows({ cast: [one] }: Frame, { cast: [other] }: Frame): boolean {
  return other.age === one.age || other.age === "any";
}

function protagonistOf({ bindings, frames }: Plan): Value {
  return bindings[frames[0].cast[0].name];
}
