/**
 * Word files: tab-separated, one entry a line. The first line names the columns; empty lines and lines that
 * begin with `#` are notes. A cell may hold a list, its items separated by a comma.
 */
import { UserError } from "../../errors.ts";
import { readText } from "../../files.ts";

export interface Row<Column extends string> {
  /** `file:line`, for messages. */
  readonly where: string;
  readonly cells: Readonly<Record<Column, string>>;
}

/**
 * Reads a word file whose columns are exactly `columns`.
 * @throws {UserError} naming file and line
 */
export async function readTable<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<Row<Column>[]> {
  const text = (await readText(path, "word files belong in data/world/words")).replace(/^\ufeff/, "");
  const rows: Row<Column>[] = [];
  let header = false;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const where = `${path}:${i + 1}`;
    const cells = line.split("\t").map((cell) => cell.trim());
    if (!header) {
      header = true;
      if (cells.join("\t") === columns.join("\t")) continue;
      throw new UserError(`${where}: the columns are ${cells.join(", ")}; expected ${columns.join(", ")}`);
    }
    if (cells.length !== columns.length) {
      throw new UserError(
        `${where}: ${cells.length} columns instead of ${columns.length} (${columns.join(", ")}); ` +
          "separate them by one tab each, also where a cell is empty",
      );
    }
    if (cells[0] === "") throw new UserError(`${where}: the first column is empty; fill it or drop the line`);
    const named = Object.fromEntries(columns.map((column, c) => [column, cells[c]]));
    rows.push({ where, cells: named as Record<Column, string> });
  }
  if (rows.length === 0) throw new UserError(`${path}: no entries; write one a line below the column names`);
  return rows;
}

/** The items of a cell that holds a list; none if it is empty. */
export function items(cell: string): string[] {
  return cell === "" ? [] : cell.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

/**
 * Maps the entries by a key.
 * @throws {UserError} if a key is listed twice
 */
export function byKey<T, R extends Row<string>>(
  entries: readonly (readonly [R, T])[],
  key: (entry: T, row: R) => string,
): Map<string, T> {
  const lines = new Map<string, string>();
  const map = new Map<string, T>();
  for (const [row, entry] of entries) {
    const name = key(entry, row);
    const first = lines.get(name);
    if (first) throw new UserError(`${row.where}: "${name}" is already listed in ${first}; keep one of them`);
    lines.set(name, row.where);
    map.set(name, entry);
  }
  return map;
}

/**
 * Checks that `value` is one of `choices`.
 * @throws {UserError} naming the place and the choices
 */
export function oneOf<T extends string>(
  choices: readonly T[],
  value: string,
  what: string,
  where: string,
): T {
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw new UserError(`${where}: unknown ${what} "${value}"; expected one of ${choices.join(", ")}`);
}
