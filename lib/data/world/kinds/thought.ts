/** Thoughts: plans, wishes, advice, rules, habits, opinions, what was seen and said. */
import type { Kind, WorldFiles } from "../document.ts";
import { readPeople } from "./people.ts";

export const load = (files: WorldFiles): Promise<Kind> => readPeople(files, "thought");
