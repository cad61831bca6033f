import type { Gender, Noun } from "./grammar/nouns.ts";

export type Age = "child" | "adult" | "old";
export type EntityKind = "person" | "animal" | "thing" | "place";

/** A person, animal, thing or place as it is told. Two entities are the same only if they are the same object. */
export interface Entity {
  readonly kind: EntityKind;
  /** What it is: "niña", "perro", "llave", "mercado". */
  readonly noun: Noun;
  /** A proper name, which takes no article. */
  readonly name?: string | undefined;
  /** In the masculine singular. */
  readonly adjective?: string | undefined;
  /** Follows noun and adjective: "de madera". */
  readonly complement?: string | undefined;
  /** 2 for something told in the plural: "los zapatos". */
  readonly number?: 1 | 2 | undefined;
  readonly owner?: Entity | undefined;
  /** Of a person. */
  readonly age?: Age | undefined;
}

/**
 * The same entity with every property present, even if undefined: then all entities have one hidden class (shape), and
 * templates read them faster.
 */
export function entity(
  { kind, noun, name, adjective, complement, number, owner, age }: Entity,
): Entity & { owner: Entity | undefined } {
  return { kind, noun, name, adjective, complement, number, owner, age };
}

/** What a name in a template may stand for. */
export type Value = Entity | Noun | number | string;

export function isNoun(value: Value): value is Noun {
  return typeof value === "object" && "singular" in value;
}

export function isEntity(value: Value): value is Entity {
  return typeof value === "object" && "noun" in value;
}

/** The gender and number in which words agree with a value. */
export function agreement(value: Value): { gender: Gender; number: 1 | 2 } {
  if (typeof value === "number") return { gender: "m", number: value === 1 ? 1 : 2 };
  if (typeof value === "string") return { gender: "m", number: 1 };
  if (isNoun(value)) return { gender: value.gender, number: 1 };
  return { gender: value.noun.gender, number: value.number ?? 1 };
}

/** Agreement with several values together: plural, and masculine unless all are feminine. */
export function agreementOf(values: readonly Value[]): { gender: Gender; number: 1 | 2 } {
  if (values.length === 1) return agreement(values[0]);
  return { gender: values.every((value) => agreement(value).gender === "f") ? "f" : "m", number: 2 };
}
