/** Beginnings of stories, to be continued. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseRow, readRows } from "./rows.ts";

const text = z.string().trim().min(1);
const Line = z.strictObject({ beginning: text, persons: z.record(text, z.enum(["m", "f"])) });

/** A beginning, and the gender of each person in it, by name. */
export type Story = Readonly<z.infer<typeof Line>>;

/** @throws {UserError} naming file and line */
export async function readStories(path: string): Promise<Story[]> {
  return (await readRows(path)).map((row) => {
    const expected = `{"beginning": …, "persons": {"Ana": "f", "Luis": "m", …}}`;
    const story = parseRow(Line, row, expected);
    const absent = Object.keys(story.persons).find((name) => !story.beginning.includes(name));
    if (absent) {
      throw new UserError(
        `${row.where}: ${absent} is one of the persons, but not in the beginning; name them alike`,
      );
    }
    return story;
  });
}
