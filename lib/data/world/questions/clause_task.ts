import type { Random } from "../random.ts";
import type { Clauses } from "./clauses.ts";
import type { Bindings, Task } from "./tasks.ts";

/** Makes tasks that draw from these clauses. */
export const clauseTask = (clauses: Clauses) =>
(
  name: string,
  weight: number,
  draw: (random: Random, clauses: Clauses) => Bindings,
  shares?: string,
): Task => ({
  ...{ name, weight, draw: (random) => draw(random, clauses) },
  ...(shares === undefined ? {} : { shares }),
});
