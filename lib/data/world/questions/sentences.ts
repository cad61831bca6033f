/** Rephrasing sentences: negated, as questions, with pronouns, joined, put in order, with capitals. */
import { capital } from "../grammar/capitals.ts";
import type { Random } from "../random.ts";
import { type Clause, Clauses, isDefinite, pronounFor, tell } from "./clauses.ts";
import { clauseTask } from "./clause_task.ts";
import type { Bindings, Task } from "./tasks.ts";

const changed = (s: string, r: string, how: string): Bindings => ({ s, r, how, kind: "la oración" });

const TENSES = ["present", "present", "preterite", "future"] as const;

function negation(random: Random, clauses: Clauses): Bindings {
  const [clause, tense] = [clauses.any(random), random.pick(TENSES)];
  const withoutSubject = droppable(clause) && random.chance(0.6);
  const yes = tell(clause, { tense, withoutSubject });
  const no = tell(clause, { tense, withoutSubject, negated: true });
  return random.chance(0.75) ? changed(yes, no, "en negativo") : changed(no, yes, "en afirmativo");
}

/** Whether the subject may be dropped: yo, tú and nosotros follow from the verb. */
const droppable = ({ subject }: Clause) => ["yo", "tú", "nosotros"].includes(subject.text);

function question(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.any(random, clauses.subject(random, "third"));
  const s = tell(clause, { tense: random.pick(TENSES) });
  return { s, r: `¿${capital(s)}?`, w: `¡${capital(s)}!`, how: "como pregunta", kind: "la oración" };
}

function objectPronoun(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.withObject(random, clauses.subject(random, "third"));
  if (!isDefinite(clause)) return objectPronoun(random, clauses);
  const tense = random.pick(TENSES);
  return {
    ...changed(tell(clause, { tense }), tell(clause, { tense, pronoun: true }), "con un pronombre"),
    ...{ x: clause.object!.text, w: clause.object!.pronoun },
  };
}

function subjectPronoun(random: Random, clauses: Clauses): Bindings {
  const subject = clauses.subject(random, "third");
  const clause = clauses.any(random, subject);
  const [tense, pronoun] = [random.pick(TENSES), pronounFor(subject)];
  return {
    ...changed(tell(clause, { tense }), tell(clause, { tense, subject: pronoun }), "con un pronombre"),
    ...{ x: subject.text, w: pronoun.text },
  };
}

/** Two sentences that share the verb, or the subject. */
function joined(random: Random, clauses: Clauses): Bindings {
  const subject = clauses.subject(random, "name");
  if (random.chance(0.5)) {
    const other = clauses.subject(random, "name");
    const together = `${subject.text} ${/^H?[IÍ]/.test(other.text) ? "e" : "y"} ${other.text}`;
    if (random.chance(0.5)) {
      return linked(random, clauses, tell(clauses.any(random, subject)), tell(clauses.any(random, other)));
    }
    const clause = clauses.any(random, subject);
    const [first, second] = [tell(clause), tell({ ...clause, subject: other })];
    return {
      first,
      second,
      link: "y",
      r: tell({ ...clause, subject: { text: together, person: 6, gender: "m" } }),
    };
  }
  const [one, two] = [clauses.withObject(random, subject), clauses.withObject(random, subject)];
  const second = tell(two, { withoutSubject: true });
  if (one.verb === two.verb || one.after || /^h?[ií]/i.test(second)) return joined(random, clauses);
  return { first: tell(one), second: tell(two), link: "y", r: `${tell(one)} y ${second}` };
}

/** Two sentences side by side. */
function linked(random: Random, clauses: Clauses, first: string, second: string): Bindings {
  const link = random.pick(["y", "pero", "mientras"]);
  if (link === "y" && /^h?[ií]/i.test(second)) return joined(random, clauses);
  return { first, second, link, r: `${first}${link === "pero" ? "," : ""} ${link} ${second}` };
}

/** A sentence whose words have only one right order: a name, a verb, a thing. */
function mixed(random: Random, clauses: Clauses): Bindings {
  const { subject, verb, object } = clauses.withObject(random, clauses.subject(random, "name"));
  const r = tell({ subject, verb, object: object! }, { tense: random.pick(TENSES) });
  const words = r.split(" ");
  const shuffled = random.shuffle(words);
  if (shuffled.join(" ") === r) return mixed(random, clauses);
  return { words: shuffled.join(random.pick([", ", " / ", " "])), r };
}

const STAYS = ["vive en", "trabaja en", "viaja a", "nació en", "quiere ir a", "viene de"];

/** A sentence with names, given without capitals. */
function proper(random: Random, clauses: Clauses): Bindings {
  const subject = clauses.subject(random, "name");
  const town = random.pick(clauses.lexicon.towns).name;
  const r = random.chance(0.6)
    ? `${subject.text} ${random.pick(STAYS)} ${town}`
    : tell({ ...clauses.any(random), subject });
  return { s: r.toLowerCase(), r };
}

/** Someone who is told to do something, as a friend or politely. */
function command(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.withObject(random);
  const told = (person: 2 | 3 | 6, negated = false) =>
    tell({ ...clause, subject: { text: "", person, gender: "m" } }, {
      withoutSubject: true,
      tense: negated ? "subjunctive" : "imperative",
      negated,
    });
  const negated = random.chance(0.25);
  const forms = { tú: told(2, negated), usted: told(3, negated), ustedes: told(6, negated) };
  const [from, to] = random.sample(["tú", "usted", "ustedes"] as const, 2);
  return { s: forms[from], r: forms[to], from, to };
}

function forbidden(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.withObject(random);
  const person = random.pick([2, 2, 3, 6] as const);
  const subject = { text: "", person, gender: "m" } as const;
  const told = { subject, withoutSubject: true };
  const yes = tell(clause, { ...told, tense: "imperative" });
  const no = tell(clause, { ...told, tense: "subjunctive", negated: true });
  return random.chance(0.7) ? changed(yes, no, "en negativo") : changed(no, yes, "en afirmativo");
}

export function sentenceTasks(clauses: Clauses): readonly Task[] {
  const task = clauseTask(clauses);
  return [
    task("negation", 9, negation, "put"),
    task("question", 4, question),
    task("exclamation", 1, question),
    task("object pronoun", 5, objectPronoun),
    task("subject pronoun", 4, subjectPronoun),
    task("joined", 4, joined),
    task("mixed words", 6, mixed),
    task("proper names", 4, proper),
    task("command", 4, command),
    task("forbidden", 3, forbidden, "put"),
  ];
}
