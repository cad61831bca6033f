/** Rephrasing: number, gender, negation, opposite, tense, person, word order, capitals. */
import type { Family, WorldFiles } from "../document.ts";
import { readTable } from "../table.ts";
import { Clauses } from "./clauses.ts";
import { phraseTasks } from "./phrases.ts";
import { sentenceTasks } from "./sentences.ts";
import { subordinateTasks } from "./subordinate.ts";
import { familyOf, type Task } from "./tasks.ts";
import { verbTasks } from "./verb_forms.ts";

/** Masculine and feminine nouns for people and animals. */
export type Pair = readonly [masculine: string, feminine: string];

export async function tasksOf({ folder, lexicon }: WorldFiles): Promise<readonly Task[]> {
  const rows = await readTable(`${folder}/questions/genders.tsv`, ["masculine", "feminine"]);
  const pairs = rows.map(({ cells }): Pair => [cells.masculine, cells.feminine]);
  const clauses = new Clauses(lexicon);
  const ofClauses = [sentenceTasks, verbTasks, subordinateTasks].flatMap((tasks) => tasks(clauses));
  return [...phraseTasks(lexicon, pairs), ...ofClauses];
}

export async function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "reformular", file: "rephrasing", tasks: await tasksOf(files) });
}
