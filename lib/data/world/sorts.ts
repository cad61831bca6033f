/** The sorts of arguments and roles, and what a word means if there is no role of that name. */
import { UserError } from "../../errors.ts";
import { type Entity, entity, type Value } from "./entity.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Word } from "./words.ts";

export const SORTS = [
  ...["person", "animal", "thing", "place", "number", "feeling", "adjective"] as const,
  ...["noun", "town", "day", "weather"] as const,
] as const;
export type Sort = typeof SORTS[number];

/** A role or a word, checked: how to find it when a story is cast. */
export interface Argument {
  readonly sort: Sort;
  /** The role's name; words are bound under their own spelling. */
  readonly name: string;
  /** What the word stands for; missing for a role, whose value is drawn. */
  readonly value?: Value;
}

/** Everyone's home: "fue a casa". */
export const HOME = entity({ kind: "place", noun: { singular: "casa", gender: "f" }, name: "casa" });

/**
 * Resolves an argument: the role of that name, or what the word means if one of `wanted` is expected.
 * @throws {UserError} if it is neither, or of the wrong sort
 */
export function argument(
  word: string,
  { roles, wanted, lexicon, where }: {
    roles: ReadonlyMap<string, Sort>;
    wanted: readonly Sort[];
    lexicon: Lexicon;
    where: string;
  },
): Argument {
  const role = roles.get(word);
  if (role) {
    if (wanted.includes(role)) return { sort: role, name: word };
    throw new UserError(`${where}: "${word}" is a ${role}; expected ${wanted.join(" or ")}`);
  }
  const meant = meaning(word, wanted, lexicon);
  if (meant) return { name: word, ...meant };
  if (wanted.includes("thing") && lexicon.noun(word)) {
    throw new UserError(`${where}: give "${word}" a role in cast, such as x: thing = ${word}`);
  }
  throw new UserError(
    `${where}: "${word}" is no role (${[...roles.keys()].join(", ")}) and no ${
      wanted.join(" or ")
    } of data/world/words`,
  );
}

function meaning(
  word: string,
  wanted: readonly Sort[],
  lexicon: Lexicon,
): { sort: Sort; value: Value } | undefined {
  const may = (sort: Sort) => wanted.includes(sort);
  if (may("number") && /^\d+$/.test(word)) return { sort: "number", value: Number(word) };
  if (may("place") && word === "casa") return { sort: "place", value: HOME };
  if (may("feeling") && isFeeling(word, lexicon)) return { sort: "feeling", value: word };
  if (may("adjective") && lexicon.adjective(word)) return { sort: "adjective", value: word };
  const noun = lexicon.noun(word);
  if (!noun) return undefined;
  if (may("place") && noun.flags.has("place")) return { sort: "place", value: placeOf(noun) };
  if (may("noun")) return { sort: "noun", value: noun };
  return undefined;
}

const places = new WeakMap<Word, Entity>();

/** The place of a noun, always the same object, so that "mercado" and a role for it are one place. */
export function placeOf(noun: Word): Entity {
  const known = places.get(noun);
  if (known) return known;
  const place = entity({ kind: "place", noun });
  places.set(noun, place);
  return place;
}

function isFeeling(word: string, lexicon: Lexicon): boolean {
  return lexicon.adjective(word)?.category === "feeling" ||
    lexicon.feelings.some(({ adjective }) => adjective === word);
}
