/** Minimal pairs: a correct sentence, and the same one with a grammatical error. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseRow, readRows } from "./rows.ts";

const sentence = z.string().trim().min(1);
const Line = z.strictObject({ good: sentence, bad: sentence, phenomenon: sentence });

export type Pair = Readonly<z.infer<typeof Line>>;

/** @throws {UserError} naming file and line */
export async function readPairs(path: string): Promise<Pair[]> {
  return (await readRows(path)).map((row) => {
    const pair = parseRow(Line, row, `{"good": …, "bad": …, "phenomenon": …}, none of them empty`);
    if (pair.good === pair.bad) {
      throw new UserError(`${row.where}: good and bad are the same sentence; put a fault into the bad one`);
    }
    return pair;
  });
}
