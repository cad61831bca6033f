/** Command lines of programs: which flags they accept, and what the flags' values mean. */
import { closestString } from "@std/text/closest-string";
import { parseArgs } from "node:util";
import type { DeviceChoice } from "../device/open.ts";
import { exitOnUserError, UserError } from "../errors.ts";

/** A program's command line: the names of its flags, grouped by the values that they take. */
export interface Program<V extends string = never, L extends string = never, S extends string = never> {
  /** The name of its task. */
  readonly name: string;
  /** What `-h` and `--help` print. */
  readonly help: string;
  /** Flags that take a value; if one is given several times, the last value counts. */
  readonly values?: readonly V[];
  /** Flags that take a value and may be repeated; all values count. */
  readonly lists?: readonly L[];
  readonly switches?: readonly S[];
  /** Whether the program takes arguments that are not flags, such as texts or folders. */
  readonly operands?: boolean;
}

export type Flags<V extends string, L extends string, S extends string> =
  & { readonly [Name in V]: string | undefined }
  & { readonly [Name in L]: readonly string[] }
  & { readonly [Name in S]: boolean };

/**
 * Reads a command line: `--flag`, `--flag value` or `--flag=value`. Everything after `--` is an operand.
 * @returns null if it asks for help
 * @throws {UserError} if a flag is unknown or lacks its value, or there is an operand too many
 */
export function parseFlags<V extends string = never, L extends string = never, S extends string = never>(
  { name, values = [], lists = [], switches = [], operands = false }: Program<V, L, S>,
  args: readonly string[],
): { flags: Flags<V, L, S>; operands: readonly string[] } | null {
  const valued: readonly string[] = [...values, ...lists], bare: readonly string[] = switches;
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(valued.map((flag) => [flag, { type: "string", multiple: true }])),
    strict: false,
    tokens: true,
  });
  const listed = `deno task ${name} --help lists what there is`;
  const given = new Map<string, string[]>();
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (!operands) throw new UserError(`unknown argument ${token.value}; ${listed}`);
      rest.push(token.value);
      continue;
    }
    const { name: flag, rawName, value, inlineValue } = token;
    if (rawName === "-h" || rawName === "--help") return null;
    if (!rawName.startsWith("--")) {
      const hint = operands ? "put -- before what begins with - and is no flag; " : "";
      throw new UserError(`unknown argument ${rawName}; ${hint}${listed}`);
    }
    if (bare.includes(flag)) {
      if (value !== undefined) throw new UserError(`${rawName} takes no value; leave out =${value}`);
    } else if (!valued.includes(flag)) {
      const near = closestString(flag, [...valued, ...bare, "help"]);
      const hint = near[0] === flag[0] ? `did you mean --${near}? ` : "";
      throw new UserError(`unknown argument ${rawName}; ${hint}${listed}`);
    } else if (!value || !inlineValue && value.startsWith("--")) {
      throw new UserError(`${rawName} lacks its value; ${listed}`);
    }
    given.set(flag, [...given.get(flag) ?? [], value ?? ""]);
  }
  const flags = {
    ...Object.fromEntries(values.map((flag) => [flag, given.get(flag)?.at(-1)])),
    ...Object.fromEntries(lists.map((flag) => [flag, given.get(flag) ?? []])),
    ...Object.fromEntries(switches.map((flag) => [flag, given.has(flag)])),
  };
  return { flags: flags as Flags<V, L, S>, operands: rest };
}

/**
 * Runs a program with its command line, or prints its help. An error that the user can fix ends the process with one
 * line and the error's exit code.
 */
export async function runProgram<
  V extends string = never,
  L extends string = never,
  S extends string = never,
>(
  program: Program<V, L, S>,
  body: (flags: Flags<V, L, S>, operands: readonly string[]) => Promise<void> | void,
): Promise<void> {
  await exitOnUserError(async () => {
    const line = parseFlags(program, Deno.args);
    if (line) await body(line.flags, line.operands);
    else console.log(program.help);
  });
}

/** @throws {UserError} if the value is not a number, or is below `least` */
export function numberFlag(name: string, value: string, least: number, whole: boolean): number {
  const number = Number(value);
  const sound = value.trim() !== "" && Number.isFinite(number) && (!whole || Number.isInteger(number));
  if (!sound || number < least) {
    throw new UserError(`--${name} ${value}: expected a ${whole ? "whole " : ""}number of at least ${least}`);
  }
  return number;
}

/** @throws {UserError} if the value is not the name of a device */
export function deviceFlag(value: string): DeviceChoice {
  if (value !== "auto" && value !== "cpu" && value !== "webgpu") {
    const hint = isGpuName(value) ? "; a GPU is used through webgpu" : "";
    throw new UserError(`--device ${value}: expected auto, cpu or webgpu${hint}`);
  }
  return value;
}

/** Whether someone who asks for this device probably means a GPU. */
export const isGpuName = (value: string) => /gpu|cuda|rocm|nvidia|metal|mps|vulkan/i.test(value);
