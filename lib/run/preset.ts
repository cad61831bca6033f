/** Reads a preset: YAML, overrides from the command line, and errors that name the file, line and key. */
import { closestString } from "@std/text/closest-string";
import { isMap, LineCounter, parse, parseDocument } from "yaml";
import type { z } from "zod";
import { UserError } from "../errors.ts";
import { readText } from "../files.ts";
import { callerValue } from "./caller.ts";
import type { Preset, PresetSchema } from "./config.ts";
import { isGpuName } from "./flags.ts";
import { isList, knownKeys, pathsTo } from "./schema.ts";
import type { Pipeline } from "./stage.ts";

/** A value from another file that replaces one of the preset's; its paths are relative to the project's folder. */
export interface Override {
  /** Dotted. */
  readonly key: string;
  readonly value: unknown;
  /** What messages put before the key: where the override is, such as `configs/ablations.yaml:12: `. */
  readonly place: string;
}

/**
 * Paths in the file are relative to the project's folder, those in overrides to the caller's folder.
 * @param sets overrides: from the command line, such as `pretrain.steps=200` with a value in YAML, or from another file
 * @throws {UserError} for the first fault found
 */
export async function loadPreset(
  pipeline: Pipeline,
  path: string,
  sets: readonly (string | Override)[] = [],
): Promise<Preset> {
  const text = await readText(path, "presets are in configs/, such as configs/mini.yaml");
  return parsePreset(pipeline, text, path, sets);
}

export function parsePreset(
  pipeline: Pipeline,
  text: string,
  path: string,
  sets: readonly (string | Override)[] = [],
): Preset {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const [{ message, pos }] = document.errors;
    const { line, col } = lines.linePos(pos[0]);
    throw new UserError(
      `${path}:${line}:${col}: YAML syntax: ${message.split("\n")[0].replace(/ at line.*/, "")}`,
    );
  }
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== "object" || Array.isArray(values)) {
    throw new UserError(`${path}:1: a preset is a map of keys to values; see configs/mini.yaml`);
  }
  const overrides = parseOverrides(pipeline, sets);
  applyOverrides(pipeline, values as Tree, overrides);
  const result = pipeline.schema.safeParse(values);
  if (result.success) return deepFreeze(result.data as Preset);

  const issue = innermost(foremost(result.error.issues));
  const keys = issue.path.map(String);
  const unknown = issue.code === "unrecognized_keys" ? [issue.keys[0]] : [];
  const full = [...keys, ...unknown];
  // The line of the key, or of the nearest enclosing key that exists.
  const place = () => {
    const override = overrides.findLast(({ key }) => full.join(".").startsWith(key));
    if (override) return override.place + full.join(".");
    for (let n = full.length; n > 0; n--) {
      const parent = n === 1 ? document.contents : document.getIn(full.slice(0, n - 1), true);
      const pair = isMap(parent) && parent.items.find((item) => String(item.key) === full[n - 1]);
      const range = pair && (pair.key as { range?: [number] } | null)?.range;
      if (range) return `${path}:${lines.linePos(range[0]).line}: ${full.join(".")}`;
    }
    return `${path}: ${full.join(".")}`;
  };
  throw new UserError(`${place()}: ${explainIssue(pipeline, issue, keys, values as Tree)}`);
}

type Tree = { [key: string]: unknown };

/** A preset's values with overrides from the command line applied, not validated. */
export function withOverrides(pipeline: Pipeline, values: object, sets: readonly string[]): object {
  const tree = structuredClone(values) as Tree;
  applyOverrides(pipeline, tree, parseOverrides(pipeline, sets));
  return tree;
}

const parseOverrides = (pipeline: Pipeline, sets: readonly (string | Override)[]): Override[] =>
  sets.map((set) => typeof set === "string" ? parseOverride(pipeline, set) : set);

function applyOverrides({ rivals }: Pipeline, values: Tree, overrides: readonly Override[]): void {
  for (const { key, value } of overrides) replaceValue(values, key.split("."), structuredClone(value));
  const overridden = new Set(overrides.map(({ key }) => key));
  for (const [a, b] of rivals) {
    if (overridden.has(a) && !overridden.has(b)) removeValue(values, b.split("."));
    if (overridden.has(b) && !overridden.has(a)) removeValue(values, a.split("."));
  }
}

/** Reads `key=value`. */
function parseOverride({ schema, pathKeys }: Pipeline, set: string): Override {
  const equals = set.indexOf("=");
  if (equals < 1) throw new UserError(`--set ${set}: expected key=value, such as --set pretrain.steps=200`);
  const key = set.slice(0, equals);
  let value: unknown;
  try {
    value = parse(set.slice(equals + 1));
  } catch {
    throw new UserError(`--set ${set}: the value is not valid YAML; quote it`);
  }
  const path = key.split(".");
  // Brackets are awkward in shells, so a single value stands for a list of one.
  if (isList(schema, path) && !Array.isArray(value) && value !== null) value = [value];
  return { key, value: callerValue(pathKeys, path, value), place: "--set " };
}

function replaceValue(values: Tree, path: readonly string[], value: unknown): void {
  let at = values;
  for (const part of path.slice(0, -1)) {
    if (!Object.hasOwn(at, part) || typeof at[part] !== "object" || at[part] === null) at[part] = {};
    at = at[part] as Tree;
  }
  at[path.at(-1)!] = value;
}

function removeValue(values: Tree, path: readonly string[]): void {
  const section = path.slice(0, -1).reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], values);
  if (typeof section === "object" && section !== null) delete (section as Tree)[path.at(-1)!];
}

type Issue = z.core.$ZodIssue;

/** Of several issues, the one to report: a misspelt key, rather than that the right key is missing. */
const foremost = (issues: readonly Issue[]): Issue =>
  issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];

/** If a value may have several forms: what is wrong in the form that was probably meant. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const other = ({ code, path }: Issue) =>
    path.length === 0 && (code === "invalid_type" || code === "invalid_value");
  const form = issue.errors.find(([first]) => !other(first));
  const meant = form && foremost(form);
  return meant ? innermost({ ...meant, path: [...issue.path, ...meant.path] } as Issue) : issue;
}

/** A form that a value should have had. */
function form(issue: Issue): string {
  if (issue.code === "invalid_value") return issue.values.join(" or ");
  if (issue.code !== "invalid_type") return "another value";
  const names: Record<string, string> = {
    number: "a number",
    object: "a map",
    string: "a text",
  };
  return names[issue.expected] ?? issue.expected;
}

function explainIssue({ schema }: Pipeline, issue: Issue, keys: string[], values: Tree): string {
  const given = keys.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], values);
  const got = given === undefined
    ? "it is missing; configs/mini.yaml shows it"
    : `got ${JSON.stringify(given)}`;
  switch (issue.code) {
    case "unrecognized_keys":
      return explainUnknown(schema, issue.keys[0], keys);
    case "invalid_type": {
      if (issue.expected === "array" && typeof given === "string") {
        return `expected a list, ${got}; put it in brackets: [${JSON.stringify(given)}]`;
      }
      return `expected ${issue.expected === "int" ? "a whole number" : issue.expected}, ${got}`;
    }
    case "invalid_value": {
      const allowed = issue.values.map(String);
      if (typeof given !== "string") return `expected one of ${allowed.join(", ")}, ${got}`;
      const hint = keys.join() === "device" && isGpuName(given)
        ? "a GPU is used through webgpu"
        : `did you mean ${closestString(given, allowed)}?`;
      return `expected one of ${allowed.join(", ")}, ${got}; ${hint}`;
    }
    case "too_small":
      return `expected ${bound(issue, "more than", "at least", issue.minimum)}, ${got}`;
    case "too_big":
      return `expected ${bound(issue, "less than", "at most", issue.maximum)}, ${got}`;
    case "invalid_union":
      return `expected ${issue.errors.map(([first]) => form(first)).join(" or ")}, ${got}`;
    default:
      return issue.code === "custom" ? issue.message : `${issue.message}, ${got}`;
  }
}

function explainUnknown(schema: PresetSchema, key: string, section: string[]): string {
  const elsewhere = pathsTo(schema, key);
  if (elsewhere.length > 0) {
    const depth = (path: string) => path.split(".").length;
    const least = Math.min(...elsewhere.map(depth));
    return `unknown key; did you mean ${elsewhere.filter((path) => depth(path) === least).join(" or ")}?`;
  }
  const known = knownKeys(schema, section);
  return `unknown key; did you mean ${closestString(key, known)}? (known: ${known.join(", ")})`;
}

function bound(
  issue: { inclusive?: boolean | undefined; origin: string },
  open: string,
  closed: string,
  limit: number | bigint,
): string {
  const what = issue.origin === "array" ? " entries" : issue.origin === "string" ? " characters" : "";
  return `${issue.inclusive === false ? open : closed} ${limit}${what}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
