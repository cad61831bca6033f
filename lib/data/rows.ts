/** Reads files of examples (tables and JSON), with the line number of each example. */
import { parse as parseCsv } from "@std/csv";
import type { z } from "zod";
import { describe, UserError } from "../errors.ts";
import { openFile, readText } from "../files.ts";
import { readLines } from "./lines.ts";

export interface Row {
  /** `file:line`, for messages. */
  readonly where: string;
  readonly value: unknown;
}

/**
 * Reads `.csv`, `.tsv` (their first line names the columns), `.jsonl` (an object a line) or `.json` (an
 * array). Empty lines are skipped.
 * @throws {UserError} naming file and line
 */
export async function readRows(path: string): Promise<Row[]> {
  const remedy = "give the path of a .csv, .tsv, .jsonl or .json file";
  const extension = /\.[a-z]+$/.exec(path)?.[0];
  const text = async () => (await readText(path, remedy)).replace(/^\ufeff/, "");
  const rows = extension === ".csv"
    ? readTable(path, await text(), ",")
    : extension === ".tsv"
    ? readTable(path, await text(), "\t")
    : extension === ".json"
    ? readArray(path, await text())
    : extension === ".jsonl"
    ? await readObjects(path, remedy)
    : null;
  // First check that the path can be opened at all.
  if (!rows) (await openFile(path, remedy)).close();
  if (!rows) throw new UserError(`${path}: of what kind is it? Names end in .csv, .tsv, .jsonl or .json`);
  if (rows.length === 0) throw new UserError(`${path} has no examples in it`);
  return rows;
}

function readTable(path: string, text: string, separator: string): Row[] {
  let records: string[][];
  try {
    records = parseCsv(text, { separator, lazyQuotes: separator === "\t" }) as string[][];
  } catch (error) {
    const message = describe(error);
    const line = /line (\d+)/.exec(message)?.[1] ?? "1";
    throw new UserError(`${path}:${line}: ${message.replace(/^.*?: /, "")}; mend the line`);
  }
  const [columns = [], ...rest] = records;
  let line = 1 + lineBreaks(columns);
  return rest.map((fields) => {
    line++;
    const where = `${path}:${line}`;
    line += lineBreaks(fields);
    if (fields.length !== columns.length) {
      throw new UserError(`${where}: ${fields.length} fields, but line 1 names ${columns.length} columns`);
    }
    return { where, value: Object.fromEntries(columns.map((name, i) => [name, fields[i]])) };
  });
}

const lineBreaks = (fields: string[]) => fields.reduce((n, field) => n + field.split("\n").length - 1, 0);

async function readObjects(path: string, remedy: string): Promise<Row[]> {
  const rows: Row[] = [];
  let number = 0;
  for await (const line of readLines(path, remedy)) {
    const where = `${path}:${++number}`;
    if (line.trim() === "") continue;
    try {
      rows.push({ where, value: JSON.parse(line) });
    } catch {
      throw new UserError(`${where}: no JSON; every line is an object of its own`);
    }
  }
  return rows;
}

function readArray(path: string, text: string): Row[] {
  let values: unknown;
  try {
    values = text.trim() === "" ? [] : JSON.parse(text);
  } catch {
    throw new UserError(`${path}: no JSON; a .json file is one array (an object a line is .jsonl)`);
  }
  if (!Array.isArray(values)) throw new UserError(`${path}: expected an array of examples`);
  return values.map((value, i) => ({ where: `${path}: example ${i + 1}`, value }));
}

/** Checks a row's shape. */
export function parseRow<S extends z.ZodType>(
  schema: S,
  { where, value }: Row,
  expected: string,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new UserError(`${where}: expected ${expected}`);
  return parsed.data;
}
