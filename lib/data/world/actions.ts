/** Actions: what each one requires, what it changes, how it is told, and which questions it answers. */
import { UserError } from "../../errors.ts";
import { type Condition, parseCondition, PREDICATES } from "./conditions.ts";
import type { Lexicon } from "./lexicon.ts";
import { Node, root } from "./parsing.ts";
import { type Argument, argument, type Sort, SORTS } from "./sorts.ts";
import type { Template } from "./template.ts";
import { infinitives } from "./template_analysis.ts";
import { readYaml } from "./yaml_file.ts";

/** A condition whose arguments were checked to be roles or known words. */
export interface Checked extends Condition {
  readonly arguments: readonly Argument[];
}

export interface Role {
  readonly name: string;
  readonly sorts: readonly Sort[];
}

export interface Ask {
  readonly question: Template;
  /** A phrase, without a full stop. */
  readonly answer: Template;
}

export interface Action {
  readonly name: string;
  /** `file:line`. */
  readonly where: string;
  readonly roles: readonly Role[];
  readonly needs: readonly Checked[];
  readonly then: readonly Checked[];
  /** Possible reasons: the last event that made one of these true is the cause of the action. */
  readonly because: readonly Checked[];
  /** Whether it may cause a feeling; a greeting does not. */
  readonly causes: boolean;
  readonly say: readonly Template[];
  /** What happened, in the past perfect and without a full stop. */
  readonly clause: Template;
  readonly asks: readonly Ask[];
  /** The verbs in its wordings, without general ones such as "ser" and "hacer". They show that a text tells it. */
  readonly verbs: ReadonlySet<string>;
}

const KEYS = ["with", "needs", "then", "because", "say", "clause", "asks", "causes"];
const ANYTHING = new Set(
  "ser estar haber hay tener poder querer saber decir hacer mirar quedar empezar poner".split(" "),
);
const BEING: readonly Sort[] = ["person", "animal"];

/** Actions by name; actions with the same name differ in their number of roles. */
export type Actions = ReadonlyMap<string, readonly Action[]>;

/**
 * Reads every file of a folder (`data/world/actions`).
 * @throws {UserError} naming file and line
 */
export async function readActions(folder: string, lexicon: Lexicon): Promise<Actions> {
  const actions = new Map<string, Action[]>();
  for (const path of await yamlFiles(folder)) {
    for (const [name, node] of root(await readYaml(path)).entries()) {
      const action = readAction(name, node, lexicon);
      const known = actions.get(name) ?? [];
      const same = known.find(({ roles }) => roles.length === action.roles.length);
      if (same) node.fail(`the action "${name}" with ${same.roles.length} roles is already in ${same.where}`);
      actions.set(name, [...known, action]);
    }
  }
  return actions;
}

/** The YAML files of a folder, by name. @throws {UserError} if there are none */
export async function yamlFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".yaml")) names.push(name);
  if (names.length === 0) throw new UserError(`${folder}: no .yaml file; write one as docs/world.md says`);
  return names.sort().map((name) => `${folder}/${name}`);
}

function readAction(name: string, node: Node, lexicon: Lexicon): Action {
  node.entries(KEYS);
  const roles = node.child("with").items().map(readRole);
  if (roles.length === 0) node.fail(`"${name}" has no roles; give it with: [a person, …]`);
  const names = new Set(roles.map((role) => role.name));
  const context = { roles: new Map(roles.map(({ name, sorts }) => [name, sorts[0]])), lexicon };
  const conditions = (key: string) =>
    node.child(key).items().map((item) => {
      const condition = parseCondition(item.text(), item.where);
      if (key === "then" && condition.predicate === "near") item.fail('"near" cannot be made so; use "at"');
      return checked(condition, { ...context, anySort: roles });
    });
  const say = node.child("say").templates(names);
  if (say.length < 4) node.child("say").fail(`"${name}" has ${say.length} wordings; write 4 or more`);
  if (!node.has("clause")) node.fail(`"${name}" lacks its clause, such as "{a} {perder^ a} {su x}"`);
  const causes = node.child("causes");
  if (causes.value !== undefined && causes.value !== "no") causes.fail('expected "no", or nothing');
  const clause = node.child("clause").template(names);
  const verbs = say.flatMap(({ parts }) => infinitives(parts)).filter((verb) => !ANYTHING.has(verb));
  return {
    ...{
      name,
      where: node.where,
      roles,
      say,
      clause,
      verbs: new Set([...verbs, ...infinitives(clause.parts)]),
    },
    causes: causes.value !== "no",
    needs: conditions("needs"),
    then: conditions("then"),
    because: conditions("because"),
    asks: node.child("asks").items().map((ask) => {
      if (ask.items().length !== 2) ask.fail("expected a question and its answer: [question, answer]");
      return { question: ask.child(0).template(names), answer: ask.child(1).template(names) };
    }),
  };
}

/** "a person", "x thing|animal". */
function readRole(node: Node): Role {
  const [name, sorts, ...rest] = node.text().split(/\s+/);
  if (!sorts || rest.length > 0) node.fail(`"${node.text()}": expected a name and what it is: "a person"`);
  return {
    name,
    sorts: sorts.split("|").flatMap((sort): readonly Sort[] => {
      if (sort === "being") return BEING;
      if ((SORTS as readonly string[]).includes(sort)) return [sort as Sort];
      node.fail(`"${sort}" is none of being, ${SORTS.join(", ")}`);
    }),
  };
}

/** Resolves a condition's arguments. @throws {UserError} if one is neither role nor word, or of the wrong sort */
export function checked(
  condition: Condition,
  { roles, lexicon, anySort = [] }: {
    roles: ReadonlyMap<string, Sort>;
    lexicon: Lexicon;
    /** Roles that may be of several sorts. */
    anySort?: readonly Role[];
  },
): Checked {
  const args = condition.args.map((word, i) => {
    const wanted: readonly Sort[] = PREDICATES[condition.predicate][i] ?? ["number"];
    const fitting = anySort.find(({ name }) => name === word)?.sorts.find((sort) => wanted.includes(sort));
    if (fitting) return { sort: fitting, name: word };
    return argument(word, { roles, wanted, lexicon, where: condition.where });
  });
  return { ...condition, arguments: args };
}

/**
 * The action that a step names, with its arguments. The name may have several words ("llevar a x m" may begin with
 * "llevar" or "llevar a"): it is the longest one whose action has as many roles as there are words left.
 */
export function actionOf(
  words: readonly string[],
  actions: Actions,
): { action: Action; args: readonly string[] } | undefined {
  let other: { action: Action; args: readonly string[] } | undefined;
  for (let n = words.length; n > 0; n--) {
    const named = actions.get(words.slice(0, n).join(" "));
    if (!named) continue;
    const args = words.slice(n);
    const action = named.find(({ roles }) => roles.length === args.length);
    if (action) return { action, args };
    other ??= { action: named[0], args };
  }
  return other;
}
