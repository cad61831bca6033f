/**
 * The world as a source of text: documents and conversations. Each is a function of a seed and its number, so any of
 * them can be made anywhere and in any order.
 */
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { deriveSeed } from "../../tensor/random.ts";
import { allSaid, heldOutQuestions } from "../held_out.ts";
import type { Neighbours } from "../nearest.ts";
import { type Contrast, Contrasts } from "./contrasts.ts";
import type { Document, Exchange, Family, Kind, WorldFiles } from "./document.ts";
import { WORLD_FOLDER } from "./folder.ts";
import { Headings } from "./headings.ts";
import { documentAsConversation, documentAsText, exchangesAsText } from "./layouts.ts";
import { Lexicon } from "./lexicon.ts";
import type { Mix } from "./options.ts";
import { Random } from "./random.ts";
import { FAMILIES, KINDS, MIX_OF_CONVERSATIONS, MIX_OF_PREFERENCES, MIX_OF_TEXTS } from "./registry.ts";

/** Number of documents from which the mean length of a kind or family is measured. */
const MEASURED = 40;
/** Share of a document's further questions that are of the first one's family; the others are of any family. */
const SAME = 0.6;
/** Most characters of a text that a conversation asks about, as it must fit into a model's context. */
const LONGEST = 600;
const TRIES = 50;

export class World {
  private constructor(
    readonly kinds: ReadonlyMap<string, Kind>,
    readonly families: ReadonlyMap<string, Family>,
    private readonly headings: Headings,
    /** The folder and the lexicon that it was read from. */
    readonly files: WorldFiles,
  ) {}

  /** @throws {UserError} naming file and line, if a word, a wording or a frame is wrong */
  static async read(folder: string = WORLD_FOLDER): Promise<World> {
    const files = { folder, lexicon: await Lexicon.read(join(folder, "words")) };
    const all = async <T>(loads: Readonly<Record<string, (from: typeof files) => Promise<T>>>) =>
      new Map(
        await Promise.all(
          Object.entries(loads).map(async ([name, load]) => [name, await load(files)] as const),
        ),
      );
    const [held, kinds, families, headings] = await Promise.all([
      heldOutQuestions(),
      all(KINDS),
      all(FAMILIES),
      Headings.read(files),
    ]);
    const apart = <T>(ones: ReadonlyMap<string, T>, keep: (one: T, held: Neighbours) => T) =>
      new Map([...ones].map(([name, one]) => [name, keep(one, held)]));
    return new World(apart(kinds, kindApart), apart(families, familyApart), headings, files);
  }

  /** Names that `document` accepts: kinds of texts (story) and families of questions (aritmética). */
  get names(): string[] {
    return [...[...this.kinds.values()].map(({ name }) => name), ...this.families.keys()];
  }

  /** A document of a kind or family in `names`; a family's document is an exchange. */
  document(name: string, seed: number, index: number): Document {
    const random = Random.of(seed, name, index);
    const family = this.families.get(name);
    if (family) {
      const text = exchangesAsText([family.ask(random)], random);
      return { kind: name, text, facts: [], questions: [] };
    }
    const kind = [...this.kinds.values()].find((kind) => kind.name === name);
    if (!kind) throw new RangeError(`the world has no kind ${name}`);
    return kind.write(random);
  }

  /** An unlimited series of texts; each kind and family has its share of the characters. */
  texts(seed: number, mix: Mix = MIX_OF_TEXTS): Drawn<string> {
    const families = [...this.families.values()];
    const writers = this.#named<string>(
      (kind) => (random) => documentAsText(kind.write(random), random),
      (family) => (random) => {
        const heading = this.headings.draw(random);
        const asked = Array.from({ length: random.between(3, 7) }, (_, i) => {
          return (i === 0 || random.chance(SAME) ? family : random.pick(families)).ask(random);
        });
        return `${heading}\n${exchangesAsText(asked, random)}`;
      },
    );
    const shares = sharesOf(mix);
    // A kind whose texts are twice as long is drawn half as often.
    const weights = shares.map(([name, share]) =>
      [name, share / meanLength(name, writers.get(name)!)] as const
    );
    return new Drawn("texts", seed, weights, writers);
  }

  /** An unlimited series of conversations; each kind and family has its share of them. */
  conversations(seed: number, mix: Mix = MIX_OF_CONVERSATIONS): Drawn<Exchange> {
    const askers = this.#named<Exchange>(
      (kind) => (random) => documentAsConversation(shortOne(kind, random), random),
      (family) => (random) => family.ask(random),
    );
    return new Drawn("conversations", seed, sharesOf(mix), askers);
  }

  /** An unlimited series of questions with a right and a wrong answer, with shares as in `conversations`. */
  async preferences(
    seed: number,
    mix: Mix = MIX_OF_PREFERENCES,
  ): Promise<{ at(index: number): Contrast }> {
    const contrasts = await Contrasts.load(this.files);
    // Not the same as `conversations` for this seed, as the model may have learned those.
    const drawn = this.conversations(deriveSeed(seed, "preferences"), mix);
    return { at: (index) => contrasts.at(index, seed, (i) => drawn.at(i)) };
  }

  #named<T>(
    ofKind: (kind: Kind) => (random: Random) => T,
    ofFamily: (family: Family) => (random: Random) => T,
  ): Map<string, (random: Random) => T> {
    return new Map([
      ...[...this.kinds].map(([name, kind]) => [name, ofKind(kind)] as const),
      ...[...this.families].map(([name, family]) => [name, ofFamily(family)] as const),
    ]);
  }
}

/** Whether a question, alone or with what was said before it, comes near a held-out one. */
const comesNear = ({ turns }: Exchange, held: Neighbours) =>
  (turns.length > 1 && held.near(allSaid(turns)) !== null) ||
  turns.some(({ instruction }) => held.near(instruction) !== null);

/** Wraps a kind so that no question comes near a held-out text. */
function kindApart({ name, write }: Kind, held: Neighbours): Kind {
  return {
    name,
    write(random) {
      const document = write(random);
      const { some } = document;
      const apart = (asked: readonly Exchange[]) => asked.filter((one) => !comesNear(one, held));
      return {
        ...{ kind: document.kind, text: document.text },
        get facts() {
          return document.facts;
        },
        get questions() {
          return apart(document.questions);
        },
        some: some && ((n) => apart(some.call(document, n))),
      };
    },
  };
}

/** Wraps a family so that exchanges near a held-out text are drawn again. */
function familyApart({ name, ask }: Family, held: Neighbours): Family {
  return {
    name,
    ask(random) {
      for (let i = 0; i < TRIES; i++) {
        const asked = ask(random);
        if (!comesNear(asked, held)) return asked;
      }
      throw new UserError(
        `data/world/questions: all that ${name} asks comes near what is held out; add wordings`,
      );
    },
  };
}

/** An unlimited series; any member can be made from its number. */
export class Drawn<T> {
  constructor(
    private readonly purpose: string,
    private readonly seed: number,
    private readonly weights: readonly (readonly [string, number])[],
    private readonly makers: ReadonlyMap<string, (random: Random) => T>,
  ) {}

  at(index: number): T {
    const random = Random.of(this.seed, this.purpose, index);
    return this.makers.get(random.weighted(this.weights))!(random);
  }
}

const sharesOf = (mix: Mix) =>
  Object.entries(mix).flatMap(([name, share]) => share ? [[name, share] as const] : []);

function meanLength(name: string, write: (random: Random) => string): number {
  let sum = 0;
  for (let i = 0; i < MEASURED; i++) sum += write(Random.of(0, "length", name, i)).length;
  return sum / MEASURED;
}

/** A document that is short enough for a conversation and has questions. */
function shortOne(kind: Kind, random: Random): Document {
  for (let i = 0; i < TRIES; i++) {
    const document = kind.write(random);
    if (document.text.length <= LONGEST && document.questions.length > 0) return document;
  }
  throw new UserError(`mix: ${kind.name} has no short texts with questions; leave it out of conversations`);
}
