/** Text output of runs: tables and curves of characters; also finds the run that a command line names. */
import stringWidth from "string-width";
import { UserError } from "../errors.ts";
import { count, duration, percent } from "../progress.ts";
import type { RunSummary, WatchedRun } from "../runs/run.ts";
import type { Runs } from "../runs/runs.ts";

/**
 * Finds the run that a command line names, by its id or its folder.
 * @param path the operand as a path that this process can open
 * @throws {UserError} if there is none
 */
export async function findRun(runs: Runs, operand: string, path: string): Promise<WatchedRun> {
  const clean = (text: string) => text.replace(/^\.\//, "").replace(/\/+$/, "");
  const all = await runs.list();
  const found = all.find(({ id, folder }) => id === clean(operand) || clean(folder) === clean(path));
  if (found) return found;
  const there = all.slice(0, 8).map(({ id }) => id).join(", ");
  const more = all.length > 8 ? " and others; deno task runs lists them" : "";
  throw new UserError(
    all.length === 0
      ? `${operand}: there is no run below ${runs.root}; train one with deno task pretrain`
      : `${operand}: there is no such run below ${runs.root}; there are ${there}${more}`,
  );
}

/** Aligns cells in columns, the first to the left, others to the right. Control characters become spaces. */
export function columns(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, " ")));
  const widths = clean.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, stringWidth(cell))),
    [],
  );
  return clean.map((row) =>
    row.map((cell, i) => {
      const space = " ".repeat(widths[i] - stringWidth(cell));
      return i === 0 ? cell + space : space + cell;
    }).join("  ").trimEnd()
  ).join("\n");
}

const BARS = "▁▂▃▄▅▆▇█";

/** A curve as a line of characters. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const known = values.filter((value): value is number => value !== null);
  const low = Math.min(...known), high = Math.max(...known);
  const size = Math.max(1, values.length / width);
  return Array.from({ length: Math.min(width, values.length) }, (_, i) => {
    const part = values.slice(
      Math.floor(i * size),
      Math.max(Math.floor(i * size) + 1, Math.floor((i + 1) * size)),
    )
      .filter((value): value is number => value !== null);
    if (part.length === 0) return " ";
    const mean = part.reduce((a, b) => a + b, 0) / part.length;
    return BARS[high === low ? 0 : Math.round((mean - low) / (high - low) * (BARS.length - 1))];
  }).join("");
}

/** A figure with four digits; `–` if it is not known. */
export const figure = (x: number | null | undefined): string =>
  x === null || x === undefined ? "–" : Math.abs(x) >= 1e4 ? count(x) : String(Number(x.toPrecision(4)));

/** Formats a figure by its name: shares become percentages. */
export const named = (name: string, x: number | null | undefined): string =>
  x !== null && x !== undefined && /accuracy|unknown|share/.test(name) ? percent(x, 1) : figure(x);

export const time = (seconds: number | null): string => seconds === null ? "–" : duration(seconds);

/** `1200/4500` */
export const progress = ({ step, steps }: RunSummary): string =>
  steps === null ? String(step) : `${step}/${steps}`;

/** The main figure of a run: accuracy for labels, bits per byte for text. */
export function judged({ validation }: RunSummary): string {
  const figures = validation?.figures ?? {};
  const name = ["accuracy", "bpb", "loss"].find((name) => name in figures);
  return name ? `${name} ${named(name, figures[name])}` : "–";
}
