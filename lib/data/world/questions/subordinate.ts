/** Subordinate clauses: in the subjunctive after wishes, doubts and feelings, else in the indicative. */
import type { Tense } from "../grammar/verbs.ts";
import type { Random } from "../random.ts";
import { clauseTask } from "./clause_task.ts";
import { type Clauses, tell } from "./clauses.ts";
import type { Bindings, Task } from "./tasks.ts";

const starts = (tense: Tense, list: string) => list.split(", ").map((start) => ({ start, tense }));

/** Main clauses, and the tense of the clause after them. */
const STARTS = [
  ...starts(
    "subjunctive",
    "quiero que, espero que, prefiero que, necesito que, ojalá, es posible que, es mejor que, es necesario que, " +
      "es importante que, es raro que, hace falta que, no creo que, dudo que, no es verdad que, me alegra que, " +
      "me molesta que, me gusta que, me sorprende que, tengo miedo de que, antes de que, para que, sin que, " +
      "puede que, no permito que, pido que",
  ),
  ...starts(
    "past-subjunctive",
    "quería que, esperaba que, prefería que, era posible que, era mejor que, era necesario que, no creía que, " +
      "dudaba que, me gustaría que, me alegró que, me molestó que, pedí que, tenía miedo de que, no era verdad que",
  ),
];
/** After these main clauses the sentence keeps its tense. */
const KNOWN = starts(
  "present",
  "creo que, sé que, dicen que, es verdad que, veo que, me parece que, estoy seguro de que",
);
const INDICATIVE = 0.2;

function dependent(random: Random, clauses: Clauses): Bindings {
  const clause = clauses.any(random, clauses.subject(random, "third"));
  const { start, tense } = random.pick(random.chance(INDICATIVE) ? KNOWN : STARTS);
  return { s: tell(clause), r: `${start} ${tell(clause, { tense })}`, start };
}

export const subordinateTasks = (clauses: Clauses): readonly Task[] => [
  clauseTask(clauses)("dependent", 9, dependent),
];
