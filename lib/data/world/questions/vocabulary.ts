/** Nouns and adjectives that go together. */
import { agree } from "../grammar/adjectives.ts";
import type { Noun } from "../grammar/nouns.ts";
import { inventedNoun } from "../invented.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Adjective, Verb, Word } from "../words.ts";
import { PLURAL_ONLY } from "./cast.ts";

/** Kinds of adjectives that only make sense in comparison: igual, primero, mejor. */
const RELATIVE = new Set(["comparison", "order", "value", "life", "search", "posture"]);

/** Kinds of adjectives that do not suit every thing: a hammer is never full, nor a cloud open. */
const PARTICULAR = new Set(
  ("transparency shape fullness opening switch edge noise possibility comparison order matter difficulty access " +
    "coat life truth weather side frequency search interest").split(" "),
);

/** Words of the lexicon, grouped by what can be said about them. */
export class Vocabulary {
  readonly countable: readonly Word[];
  readonly personal: readonly string[];
  /** Only pairs in which each is the other's opposite: dulce and amargo, not agrio and dulce. */
  readonly opposites: readonly Adjective[];
  readonly oppositeVerbs: readonly Verb[];
  readonly personalOpposites: readonly Adjective[];
  readonly portable: readonly Word[];
  /** Opposites that suit all things of a kind. */
  readonly #general: readonly Adjective[];
  readonly #sayable: ReadonlyMap<string, readonly Word[]>;

  constructor(readonly lexicon: Lexicon) {
    this.countable = lexicon.flagged("countable").filter(({ plural, singular }) =>
      plural !== "-" && !PLURAL_ONLY.has(singular)
    );
    this.personal = lexicon.adjectives
      .filter(({ saidOf, category }) => saidOf.has("person") && !RELATIVE.has(category))
      .map(({ word }) => word);
    this.opposites = lexicon.opposites;
    this.oppositeVerbs = lexicon.oppositeVerbs;
    this.#general = this.opposites.filter(({ category, saidOf }) =>
      !PARTICULAR.has(category) && !(category === "texture" && !saidOf.has("thing"))
    );
    this.personalOpposites = this.opposites.filter(({ saidOf, category }) =>
      saidOf.has("person") && !RELATIVE.has(category)
    );
    this.portable = this.countable.filter(({ flags }) => flags.has("portable"));
    const among = (names: string[]) => names.flatMap((name) => lexicon.category(name));
    this.#sayable = new Map([
      ["thing", among(["escolar", "mueble", "juguete", "recipiente", "herramienta"])],
      ["clothes", among(["ropa"])],
      ["food", among(["fruta", "comida"])],
      ["place", lexicon.category("edificio")],
      ["animal", lexicon.category("mamífero")],
      ["person", lexicon.category("persona")],
    ]);
  }

  /** A noun, two opposite adjectives that suit it, and the copula. */
  opposition(random: Random): { noun: Noun; adjective: string; other: string; copula: "ser" | "estar" } {
    for (;;) {
      const { word, opposite, saidOf, copula } = random.pick(this.#general);
      const other = this.lexicon.adjective(opposite!)!;
      const kind = [...saidOf].find((kind) => this.#sayable.has(kind));
      if (!kind || (copula !== other.copula && copula !== "both" && other.copula !== "both")) continue;
      const noun = random.chance(0.2) && kind === "thing"
        ? inventedNoun(random, this.lexicon)
        : random.pick(this.#sayable.get(kind)!);
      if ([word, opposite!].some((said) => agree(said, noun.gender, 1) === noun.singular)) continue; // an old old man
      const used = copula === "both" ? other.copula : copula;
      return { noun, adjective: word, other: opposite!, copula: used === "both" ? "estar" : used };
    }
  }

  /** A noun and an adjective that suits it. */
  thing(random: Random): { noun: Noun; adjective?: string } {
    if (random.chance(0.3)) {
      const noun = inventedNoun(random, this.lexicon);
      return { noun, ...(random.chance(0.4) && { adjective: random.pick(COLOURS) }) };
    }
    const noun = random.pick(this.countable);
    const adjectives = [...noun.colours, ...noun.sizes];
    return {
      noun,
      ...(adjectives.length > 0 && random.chance(0.4) && { adjective: random.pick(adjectives) }),
    };
  }
}

const COLOURS = "rojo azul verde amarillo blanco negro gris grande pequeño nuevo viejo bonito suave enorme"
  .split(" ");
