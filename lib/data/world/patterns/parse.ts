/**
 * Files of patterns: conversations written by hand with blanks, one block each, with an empty line between blocks.
 *
 *     [extraer]
 *     Don {él} tocaba {i} y su nieto {él2}, {i2}.
 *     i: la tuba | el violín | la flauta | el tambor
 *     - ¿Quién tocaba {i2}? | ¿Cómo se llamaba el que tocaba {i2}?
 *     = {él2}
 *     - ¿Cómo se llamaba la mujer de don {él}?
 *     = ?
 *
 * The family; a text, of as many lines as it needs; lists of choices; then questions in one or more wordings, each with
 * its answer below it. "?" stands for "No lo sé. El texto no lo dice.", and "=n-n2" for a sum with its working. Without
 * a text, questions and answers are a conversation in the order in which they are written. Lines that begin with # are
 * notes.
 */
import { UserError } from "../../../errors.ts";
import { readText } from "../../../files.ts";

/** Literal text, or a slot, whose number is 1 if none is written: {él2}. */
export type Piece = string | { readonly slot: string; readonly number: number };

/** Numbers with one sign between each and the next. */
export interface Sum {
  readonly operands: readonly Piece[];
  readonly signs: string;
}

export type Answer = { readonly say: readonly Piece[] } | { readonly unknown: true } | Sum;

export interface Asked {
  readonly wordings: readonly (readonly Piece[])[];
  readonly answer: Answer;
}

/** Rows of a list of choices: one column, or several that go together. */
export interface Choices {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Pattern {
  /** `file:line` of its family, for messages. */
  readonly where: string;
  readonly family: string;
  /** Undefined for a conversation without a text. */
  readonly text: readonly Piece[] | undefined;
  readonly choices: readonly Choices[];
  /** The numbers that {n}, {n2}, … are drawn from, both included. */
  readonly numbers: readonly [low: number, high: number];
  readonly asked: readonly Asked[];
  /** Whether it is written without any capitals. */
  readonly casual: boolean;
}

/** What slots stand for in every pattern. */
export const COMMON_SLOTS: readonly string[] = [
  ...["él", "ella", "quien", "apellido", "pueblo", "mascota", "objeto", "objetos", "cosa", "cosas", "n"],
];
const NUMBERS = [2, 12] as const;
/** Fewest members of a list of choices. */
const FEWEST = 2;

const LIST = /^(\p{Ll}+(?:\s*,\s*\p{Ll}+)*):\s+(\S.*)$/u;
const RANGE = /^n:\s+(\d{1,3})\.\.(\d{1,3})$/;
const SLOT = /^(\p{Ll}+)([2-9])?$/u;
const SUM = /^=([^+×-]+)((?:[+×-][^+×-]+)+)$/;

/**
 * @param families the names that a pattern's family can have
 * @throws {UserError} naming file and line
 */
export async function readPatterns(path: string, families: readonly string[]): Promise<Pattern[]> {
  const lines = (await readText(path, "patterns belong in data/world/patterns")).split(/\r?\n/);
  const patterns: Pattern[] = [];
  let block: Line[] = [];
  for (const [i, raw] of [...lines, ""].entries()) {
    const text = raw.trim();
    if (text.startsWith("#")) continue;
    if (text !== "") block.push({ text, where: `${path}:${i + 1}` });
    else if (block.length > 0) {
      patterns.push(patternOf(block, families));
      block = [];
    }
  }
  if (patterns.length === 0) throw new UserError(`${path}: no patterns; docs/world.md shows one`);
  return patterns;
}

interface Line {
  readonly text: string;
  readonly where: string;
}

function patternOf([head, ...lines]: readonly Line[], families: readonly string[]): Pattern {
  const family = /^\[(.+)\]$/.exec(head.text)?.[1];
  if (family === undefined || !families.includes(family)) {
    throw new UserError(
      `${head.where}: a pattern begins with its family in brackets, one of ${families.join(", ")}`,
    );
  }
  const text: string[] = [], choices: Choices[] = [], asked: Asked[] = [];
  let numbers: Pattern["numbers"] = NUMBERS, question: Line | undefined;
  for (const [i, line] of lines.entries()) {
    if (line.text.startsWith("=")) {
      if (!question) throw new UserError(`${line.where}: the answer has no question above it, after "- "`);
      asked.push({ wordings: wordingsOf(question), answer: answerOf(line.text.slice(1).trim(), line.where) });
      question = undefined;
      continue;
    }
    if (line.text.startsWith("- ") && lines[i + 1]?.text.startsWith("=")) {
      question = line;
      continue;
    }
    if (line.text.startsWith("- ¿")) {
      throw new UserError(`${line.where}: the question has no answer; write it below, after "= "`);
    }
    const range = RANGE.exec(line.text), list = range ? null : LIST.exec(line.text);
    if (!list && /^\S+: .* \| /.test(line.text)) {
      throw new UserError(
        `${line.where}: a list is named by small letters alone, as in "color: rojo | verde"`,
      );
    } else if (range) numbers = [Number(range[1]), Number(range[2])];
    else if (list && list[2].includes(" | ")) choices.push(choicesOf(list, line.where));
    else if (asked.length > 0) {
      throw new UserError(`${line.where}: the text and its lists stand above the first question`);
    } else text.push(line.text);
  }
  if (asked.length === 0) throw new UserError(`${head.where}: the pattern has no question`);
  const told = text.length > 0 ? piecesOf(text.join("\n"), head.where) : undefined;
  const written = [...told ?? [], ...asked.flatMap(({ wordings }) => wordings.flat())];
  const casual = written.every((piece) => typeof piece !== "string" || !/\p{Lu}/u.test(piece));
  const pattern = { where: head.where, family, text: told, ...{ choices, numbers, asked, casual } };
  requireKnownSlots(pattern);
  return pattern;
}

const wordingsOf = ({ text, where }: Line) =>
  text.slice(1).split(" | ").map((wording) => piecesOf(wording.trim(), where));

function answerOf(said: string, where: string): Answer {
  if (said === "") throw new UserError(`${where}: the answer is empty`);
  if (said === "?") return { unknown: true };
  const sum = SUM.exec(said);
  if (!sum) return { say: piecesOf(said, where) };
  const parts = said.slice(1).split(/([+×-])/);
  const operands = parts.filter((_, i) => i % 2 === 0).map((part): Piece => {
    if (/^\d{1,3}$/.test(part.trim())) return part.trim();
    const [piece] = piecesOf(`{${part.trim()}}`, where);
    return piece;
  });
  return { operands, signs: parts.filter((_, i) => i % 2 === 1).join("") };
}

function choicesOf([, names, items]: RegExpExecArray, where: string): Choices {
  const columns = names.split(",").map((name) => name.trim());
  const rows = items.split("|").map((item) =>
    columns.length === 1 ? [item.trim()] : item.split(",").map((cell) => cell.trim())
  );
  for (const row of rows) {
    if (row.length !== columns.length || row.includes("")) {
      throw new UserError(
        `${where}: "${row.join(", ")}" has ${row.length} parts instead of ${columns.length}, those of ` +
          `${columns.join(", ")}; separate them by commas, and choices by " | "`,
      );
    }
  }
  if (rows.length < FEWEST) {
    throw new UserError(`${where}: ${rows.length} choices are too few; write ${FEWEST} or more`);
  }
  return { columns, rows };
}

function piecesOf(text: string, where: string): Piece[] {
  return text.split(/(\{[^{}]*\})/).filter((part) => part !== "").map((part) => {
    if (!part.startsWith("{")) {
      if (/[{}]/.test(part)) throw new UserError(`${where}: "${part}" has a brace without its pair`);
      return part;
    }
    const slot = SLOT.exec(part.slice(1, -1));
    if (!slot) {
      throw new UserError(`${where}: ${part} is no slot; one is {él}, {cosa2} or the name of a list`);
    }
    return { slot: slot[1], number: Number(slot[2] ?? 1) };
  });
}

function requireKnownSlots({ where, text = [], choices, asked }: Pattern): void {
  const size = new Map(choices.flatMap(({ columns, rows }) => columns.map((name) => [name, rows.length])));
  const said = asked.flatMap(({ wordings, answer }) => [
    ...wordings.flat(),
    ..."say" in answer ? answer.say : "operands" in answer ? answer.operands : [],
  ]);
  for (const piece of [...text, ...said]) {
    if (typeof piece === "string") continue;
    const { slot, number } = piece;
    const most = size.get(slot) ?? (COMMON_SLOTS.includes(slot) ? 9 : 0);
    if (number <= most) continue;
    throw new UserError(
      most > 0
        ? `${where}: {${slot}${number}} wants more different choices than the ${most} of the list ${slot}`
        : `${where}: nothing stands for {${slot}}; write a list "${slot}: … | …", or use one of ` +
          COMMON_SLOTS.join(", "),
    );
  }
}
