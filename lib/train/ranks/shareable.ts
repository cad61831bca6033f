/** Checks that a preset allows ranks to share a training. */
import { UserError } from "../../errors.ts";
import type { Ranks } from "../../ranks/ranks.ts";

/**
 * @param section the preset's section that says what is trained
 * @throws {UserError} if a step has fewer micro-batches than there are ranks, or if steps would have to be measured
 */
export function requireShareable(
  { size }: Pick<Ranks, "size">,
  section: string,
  { accumulate, minutes }: { readonly accumulate: number; readonly minutes?: number | undefined },
): void {
  if (size > 1 && minutes !== undefined) {
    throw new UserError(
      `${section}.minutes: what fits into a time is measured in one process; with several, give steps, such as ` +
        `--set ${section}.steps=1000`,
    );
  }
  if (accumulate >= size) return;
  throw new UserError(
    `${section}.accumulate: the ${accumulate} micro-batch${
      accumulate > 1 ? "es" : ""
    } of a step cannot be dealt to ` +
      `${size} ranks; give each of them one, with --set ${section}.accumulate=${size}, and lower ${section}.batch ` +
      "to learn from as much a step as before",
  );
}
