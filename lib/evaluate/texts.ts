/** Reads texts to predict from files that the user names. */
import { readDocuments } from "../data/documents.ts";
import { UserError } from "../errors.ts";

/**
 * The documents in .jsonl files, and other files as one document each.
 * @throws {UserError} if a file cannot be read, or none contains any text
 */
export async function readTexts(paths: readonly string[]): Promise<string[]> {
  const documents: string[] = [];
  for (const path of paths) {
    if (path.endsWith(".jsonl")) documents.push(...await readDocuments(path));
    else {
      documents.push(
        await Deno.readTextFile(path).catch(() => {
          throw new UserError(`evaluate.text: ${path} cannot be read; give a file of UTF-8 text`);
        }),
      );
    }
  }
  if (documents.every((document) => document.trim() === "")) {
    throw new UserError(`evaluate.text: ${paths.join(", ")}: there is no text in it`);
  }
  return documents;
}
