/** Predicates of the world, and conditions such as "not has a x", as actions and frames write them. */
import { UserError } from "../../errors.ts";
import { type Sort, SORTS } from "./sorts.ts";

const BEINGS: readonly Sort[] = ["person", "animal"];
const MOVABLE: readonly Sort[] = [...BEINGS, "thing"];

/** Predicates, with the sorts that each argument may have. */
export const PREDICATES = {
  at: [MOVABLE, ["place"]],
  has: [BEINGS, ["thing", "animal"]],
  owns: [BEINGS, ["thing", "animal", "place"]],
  in: [["thing", "animal"], ["thing", "place"]],
  is: [[...MOVABLE, "place"], ["adjective", "feeling"]],
  feels: [BEINGS, ["feeling"]],
  wants: [BEINGS, ["thing", "animal", "noun"]],
  knows: [BEINGS, SORTS],
  friends: [BEINGS, BEINGS],
  angry: [BEINGS, BEINGS],
  count: [BEINGS, ["thing", "animal", "noun"], ["number"]],
  near: [MOVABLE, MOVABLE],
} as const satisfies Readonly<Record<string, readonly (readonly Sort[])[]>>;
export type Predicate = keyof typeof PREDICATES;

export interface Condition {
  readonly source: string;
  readonly denied: boolean;
  readonly predicate: Predicate;
  /** Names of roles, or words. */
  readonly args: readonly string[];
  /** For an effect on `count`: whether its last argument is added to or subtracted from the current number. */
  readonly change?: 1 | -1;
  /** `file:line`. */
  readonly where: string;
}

/** Parses "not has a x". @throws {UserError} for an unknown predicate or a wrong number of arguments */
export function parseCondition(source: string, where: string): Condition {
  const words = source.trim().split(/\s+/);
  const denied = words[0] === "not";
  const [predicate, ...args] = denied ? words.slice(1) : words;
  if (!Object.hasOwn(PREDICATES, predicate ?? "")) {
    const known = Object.keys(PREDICATES).join(", ");
    throw new UserError(`${where}: unknown predicate "${predicate ?? ""}" in "${source}"; expected ${known}`);
  }
  const wanted = PREDICATES[predicate as Predicate].length;
  if (args.length !== wanted) {
    throw new UserError(`${where}: "${source}" has ${args.length} arguments; "${predicate}" takes ${wanted}`);
  }
  const sign = predicate === "count" ? /^[+-]/.exec(args[2])?.[0] : undefined;
  if (sign) args[2] = args[2].slice(1);
  return {
    ...{ source, denied, predicate: predicate as Predicate, args, where },
    ...(sign && { change: sign === "+" ? 1 : -1 }),
  };
}
