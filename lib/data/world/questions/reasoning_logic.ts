/** Syllogisms about invented kinds and about real ones, and reasoning with rules that hold for today. */
import type { Value } from "../entity.ts";
import { inventedName } from "../invented.ts";
import type { Random } from "../random.ts";
import { compile, fragment, type Template } from "../template.ts";
import { Cast } from "./cast.ts";
import { judged, type Means, type Puzzle, type Verdict } from "./puzzle.ts";

/** Names of the wordings of the premises (in order) and of the question, and the answer. */
type Form = readonly [premises: readonly string[], question: string, verdict: Verdict];

const FORMS: readonly Form[] = [
  [["todos", "es uno"], "hace", "sí"],
  [["ninguno", "es uno"], "hace", "no"],
  [["algunos", "es uno"], "hace", "no se sabe"],
  [["todos", "no es uno"], "hace", "no se sabe"],
  [["todos", "no hace"], "es", "no"],
  [["ninguno", "sí hace"], "es", "no"],
  [["todos", "sí hace"], "es", "no se sabe"],
  [["todos son", "es uno"], "es del segundo", "sí"],
  [["todos son", "todos 2"], "hacen", "sí"],
  [["todos son", "ninguno 2"], "hacen", "no"],
  [["todos son", "algunos 2"], "hacen", "no se sabe"],
  [["todos son", "todos 2", "es uno"], "hace", "sí"],
  [["todos son", "ninguno 2", "es uno"], "hace", "no"],
  [["todos son", "algunos 2", "es uno"], "hace", "no se sabe"],
];

export function syllogisms({ pools, asking, wordings }: Means): Puzzle {
  return (random) => {
    const cast = Cast.of(pools, random);
    const [k, k2] = [cast.casting.inventedNoun(), cast.casting.inventedNoun()];
    const x = inventedName(random, pools.lexicon, k.gender);
    const property = random.pick(wordings.of("propiedades"));
    const [premises, question, verdict] = random.pick(FORMS);
    const about = (kind: typeof k) => ({
      ...{ k: kind, k2, x },
      uno: said(property, cast, { kind: "thing", noun: kind }, random),
      muchos: said(property, cast, { kind: "thing", noun: kind, number: 2 }, random),
    });
    const sentences = premises.map((name) => {
      const second = name.endsWith(" 2");
      return wordings.say(second ? name.slice(0, -2) : name, { bindings: about(second ? k2 : k) }, random);
    });
    const text = (random.chance(0.3) ? random.shuffle(sentences) : sentences).join(" ");
    const q = wordings.part(question, { bindings: about(k) }, random);
    return judged({ pools, asking, wordings }, text, q, verdict, random);
  };
}

/** A property of a subject: "tiene alas". */
function said(property: Template, cast: Cast, s: Value, random: Random): string {
  const names = [...property.names].filter((name) => name !== "s");
  if (property.source.includes("{color/")) names.push("color");
  return fragment(property, { bindings: { ...cast.bind(names), s }, tense: "present" }, random);
}

/** What is true of a real category is true of each of its members. */
export function truths(means: Means): Puzzle {
  const { pools, wordings } = means;
  const read = (name: string) =>
    wordings.of(name).map(({ source, where }) => {
      const [category, property] = source.split(" => ");
      return { words: pools.category(category), is: category, property: compile(property, where) };
    });
  const [kinds, lies] = [read("verdades"), read("mentiras")];
  return (random) => {
    const cast = Cast.of(pools, random);
    const holds = random.chance(0.5);
    const { words, is, property } = random.pick(holds ? kinds : lies);
    const kind = pools.lexicon.categories.get(is)!;
    const word = random.pick(words);
    const bindings = {
      k: kind,
      x: { kind: "thing", noun: word } as const,
      uno: said(property, cast, { kind: "thing", noun: kind }, random),
      muchos: said(property, cast, { kind: "thing", noun: kind, number: 2 }, random),
    };
    const text = ["verdad es uno", holds ? "verdad todos" : "verdad ninguno"].toReversed()
      .map((name) => wordings.say(name, { bindings }, random)).join(" ");
    const own = said(property, cast, { kind: "thing", noun: word }, random);
    const q = wordings.part("hace", { bindings: { ...bindings, uno: own } }, random);
    return judged(means, text, q, holds ? "sí" : "no", random);
  };
}

/** [rule, whether the fact is about its condition, whether the fact holds, what follows for the other half] */
const RULES: readonly (readonly [rule: string, condition: boolean, holds: boolean, verdict: Verdict])[] = [
  ["regla", true, true, "sí"],
  ["regla", false, false, "no"],
  ["regla", true, false, "no se sabe"],
  ["regla", false, true, "no se sabe"],
  ["regla solo", true, false, "no"],
  ["regla solo", false, true, "sí"],
];

export function rules(means: Means): Puzzle {
  const { pools, wordings } = means;
  return (random) => {
    const cast = Cast.of(pools, random);
    const [condition, consequence] = [
      random.pick(wordings.of("condiciones")),
      random.pick(wordings.of("consecuencias")),
    ];
    const clause = (template: Template, holds: boolean) => {
      const names = [...template.names].filter((name) => name !== "no");
      return fragment(template, { bindings: { ...cast.bind(names), no: holds ? "" : "no" } }, random);
    };
    const [rule, given, holds, verdict] = random.weighted(
      RULES.map((form) => [form, form[3] === "no se sabe" ? 1 : 1.2]),
    );
    const text = [
      wordings.say(rule, {
        bindings: { si: clause(condition, true), entonces: clause(consequence, true) },
      }, random),
      wordings.say("hoy", { bindings: { hecho: clause(given ? condition : consequence, holds) } }, random),
    ].join(" ");
    const asked = clause(given ? consequence : condition, true);
    const q = wordings.part("pregunta de hoy", { bindings: { hecho: asked } }, random);
    return judged(means, text, q, verdict, random);
  };
}
