/** Sentences in another tense or person, and forms of single verbs. */
import { conjugate, type Person, type Tense } from "../grammar/verbs.ts";
import type { Random } from "../random.ts";
import { Clauses, pronouns, type Subject, tell } from "./clauses.ts";
import { clauseTask } from "./clause_task.ts";
import type { Bindings, Task } from "./tasks.ts";

type Named = readonly [name: string, tense: Tense];
const PRESENT: Named = ["presente", "present"];
const PAST: Named = ["pasado", "preterite"];
const FUTURE: Named = ["futuro", "future"];
const TENSES = [PRESENT, PAST, FUTURE];

/** For yo, tú and nosotros, sometimes leaves out the pronoun. */
const maybeAlone = (random: Random, { text }: Subject) =>
  ({ withoutSubject: ["yo", "tú", "nosotros"].includes(text) && random.chance(0.6) }) as const;

function tense(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.any(random);
  const alone = maybeAlone(random, clause.subject);
  const to = random.weighted([[PAST, 5], [FUTURE, 3], [PRESENT, 2]]);
  const from = to === PRESENT || random.chance(0.2)
    ? random.pick(TENSES.filter((other) => other !== to))
    : PRESENT;
  const [s, r] = [tell(clause, { ...alone, tense: from[1] }), tell(clause, { ...alone, tense: to[1] })];
  if (s === r) return tense(random, clauses); // "cantamos" is present and past
  return { s, r, how: `en ${to[0]}`, tense: to[0], kind: "la oración" };
}

function progressive(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.any(random);
  if (clauses.lexicon.verb(clause.verb)?.progressive === false) return progressive(random, clauses);
  const alone = maybeAlone(random, clause.subject);
  return { s: tell(clause, alone), r: tell(clause, { ...alone, progressive: true }) };
}

/** The same sentence with another subject that changes the verb. */
function person(random: Random, clauses: Clauses): Bindings {
  const from = random.chance(0.4) ? clauses.subject(random, "third") : random.pick(pronouns);
  const to = random.pick(pronouns);
  if (to.person === from.person) return person(random, clauses);
  const clause = clauses.any(random, from);
  const [, told] = random.weighted([[PRESENT, 5], [PAST, 3], [FUTURE, 2]]);
  return {
    ...{ s: tell(clause, { tense: told }), r: tell(clause, { tense: told, subject: to }) },
    ...{ from: from.text, to: to.text },
  };
}

const NOT_OF_PEOPLE = new Set(["nature", "sound"]);

function conjugated(random: Random, clauses: Clauses): Bindings {
  const { infinitive, group } = random.pick(clauses.lexicon.verbs);
  if (NOT_OF_PEOPLE.has(group) || /^(?:haber|gustar|doler)$/.test(infinitive)) {
    return conjugated(random, clauses);
  }
  const subject = random.pick(pronouns);
  const [name, own] = random.pick(TENSES);
  const form = conjugate(infinitive, own, subject.person);
  return { verb: infinitive, who: subject.text, tense: name, r: form, full: `${subject.text} ${form}` };
}

/** Forms that belong to a single verb; unlike "fueron" (ser, ir) or "creemos" (crear, creer). */
const CLEAR: readonly (readonly [Tense, Person])[] = [["preterite", 6], ["preterite", 3], ["future", 1], [
  "future",
  6,
]];

function infinitive(random: Random, clauses: Clauses): Bindings {
  const { infinitive: r } = random.pick(clauses.lexicon.verbs);
  if (r === "ser" || r === "ir" || /se$| /.test(r)) return infinitive(random, clauses);
  const [tense, person] = random.pick(CLEAR);
  return { form: conjugate(r, tense, person), r };
}

export function verbTasks(clauses: Clauses): readonly Task[] {
  const task = clauseTask(clauses);
  return [
    task("tense", 14, tense, "put"),
    task("progressive", 2, progressive),
    task("person", 8, person),
    task("conjugated", 5, conjugated),
    task("infinitive", 3, infinitive),
  ];
}
