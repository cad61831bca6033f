/** Draws the characters of a story: persons, their relatives and friends, animals and things. */
import type { Casting } from "./casting.ts";
import { type Age, type Entity, entity, type Value } from "./entity.ts";
import type { Gender } from "./grammar/nouns.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";
import type { Relative, Word } from "./words.ts";

/** A person, animal or thing in a story; its owner changes when it is lost, given or bought. */
export interface Character extends Entity {
  owner?: Entity | undefined;
}

/** What roles are drawn with. */
export interface Draw {
  readonly casting: Casting;
  readonly random: Random;
  readonly lexicon: Lexicon;
  /** Kinship words already used in the story, such as "abuela"; each is used once. */
  readonly kin: Set<string>;
  /** Looks up a role that was cast before. */
  readonly role: (name: string) => Value;
}

/** Relatives (masculine forms) that suit a story about a child, an adult or an old person. */
const KIN: Readonly<Record<Age, readonly string[]>> = {
  child: ["padre", "hermano", "abuelo", "tío", "primo", "padrino"],
  adult: ["padre", "hijo", "hermano", "abuelo", "tío", "sobrino", "primo", "suegro", "cuñado"],
  old: ["hijo", "nieto", "hermano", "sobrino", "cuñado"],
};
const YOUNG = new Set(["hijo", "nieto", "sobrino", "ahijado", "bisnieto", "hijastro"]);
const ELDER = new Set(["abuelo", "bisabuelo", "suegro"]);
/** Share of relatives with a name, and of things with a colour or a size. */
const NAMED = 0.5;
const DESCRIBED = 0.35;

function kinAge(kin: string, of: Age): Age {
  if (ELDER.has(kin)) return "old";
  if (YOUNG.has(kin)) return of === "old" && kin !== "nieto" ? "adult" : "child";
  return ["hermano", "primo", "cuñado"].includes(kin) ? of : of === "old" ? "old" : "adult";
}

const kin = new WeakMap<Lexicon, Readonly<Record<Age, readonly Relative[]>>>();

/** Relatives by the age of the person whose relatives they are. */
function kinOf(lexicon: Lexicon): Readonly<Record<Age, readonly Relative[]>> {
  let known = kin.get(lexicon);
  if (!known) {
    const of = (age: Age) => lexicon.family.filter(({ masculine }) => KIN[age].includes(masculine));
    kin.set(lexicon, known = { child: of("child"), adult: of("adult"), old: of("old") });
  }
  return known;
}

export function relative(draw: Draw, of: Character, wanted?: { kin: Relative; gender?: Gender }): Character {
  const { casting, random, lexicon, kin: used } = draw;
  const age = of.age ?? "child";
  const known = kinOf(lexicon)[age];
  let kin = wanted?.kin ?? random.pick(known);
  let gender = wanted?.gender ?? random.pick(["m", "f"] as const);
  const word = () => gender === "m" ? kin.masculine : kin.feminine;
  for (let tries = 0; used.has(word()) && !wanted && tries < 20; tries++) {
    kin = random.pick(known);
    gender = random.pick(["m", "f"] as const);
  }
  used.add(word());
  return entity({
    ...{ kind: "person", noun: { singular: word(), gender }, owner: of, age: kinAge(kin.masculine, age) },
    name: random.chance(NAMED) ? casting.name(gender) : undefined,
  });
}

/** A friend of the same age, called by name; at first mention "su amiga Rosa". */
export function friend({ casting, random }: Draw, of: Character): Character {
  const gender = random.pick(["m", "f"] as const);
  const singular = gender === "m" ? "amigo" : "amiga";
  return entity({
    ...{ kind: "person", noun: { singular, gender }, owner: of, name: casting.name(gender) },
    age: of.age ?? "child",
  });
}

/** Someone with a name. */
export function person({ casting }: Draw, age?: Age): Character {
  return casting.person(age ? { age } : {});
}

/** Someone who is called by a noun: "la panadera". */
export function someone({ random }: Draw, masculine: string, feminine: string): Character {
  const gender = random.pick(["m", "f"] as const);
  return entity({
    ...{ kind: "person", age: "adult" },
    noun: { singular: gender === "m" ? masculine : feminine, gender },
  });
}

const described = new WeakMap<Word, readonly string[]>();

/** The colours and sizes from which a thing's adjective is drawn. */
function describedBy(noun: Word): readonly string[] {
  let known = described.get(noun);
  if (!known) {
    const { colours, sizes, flags } = noun;
    known = [
      ...(colours.length > 1 && !flags.has("bicolour") ? colours : []),
      ...(sizes.length > 1 ? sizes : []),
    ];
    described.set(noun, known);
  }
  return known;
}

export function animal({ casting }: Draw, among: readonly Word[], named: boolean): Character {
  const noun = casting.noun(among);
  return entity({ kind: "animal", noun, name: named ? casting.petName(noun.gender) : undefined });
}

export function thing({ casting, random }: Draw, among: readonly Word[], number: 1 | 2): Character {
  const noun = casting.noun(among);
  const known = describedBy(noun);
  return entity({
    ...{ kind: "thing", noun, number: number === 2 || noun.flags.has("pair") ? 2 : undefined },
    adjective: known.length > 0 && random.chance(DESCRIBED) ? random.pick(known) : undefined,
  });
}
