/** For `--help`: the keys of presets that `--set` can change, with their values and defaults. */
import { z } from "zod";
import type { PresetSchema } from "./config.ts";
import type { Stage } from "./stage.ts";

/** The parts of a JSON Schema that are used here. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** The schema for any other key. */
  readonly additionalProperties?: Schema | boolean;
}

interface Key {
  /** Dotted. NAME stands for any key. */
  readonly key: string;
  readonly schema: Schema;
}

/** The schema of the map that a value is, or may be. */
const mapOf = (schema: Schema): Schema | undefined =>
  schema.properties || typeof schema.additionalProperties === "object"
    ? schema
    : schema.anyOf?.find((form) => mapOf(form));

/** The keys below a key, or the key itself if its value is not a map. */
function keysBelow(key: string, schema: Schema): Key[] {
  const map = mapOf(schema);
  if (!map) return [{ key, schema }];
  const { properties = {}, additionalProperties: any } = map;
  const inner = Object.entries(properties).flatMap(([name, value]) => keysBelow(`${key}.${name}`, value));
  const named = typeof any === "object" ? keysBelow(`${key}.NAME`, any) : [];
  // A map that may also be a single word, such as model: auto.
  const word = schema.anyOf && schema !== map
    ? [{ key, schema: { anyOf: schema.anyOf.filter((form) => form !== map) } }]
    : [];
  return [...word, ...inner, ...named];
}

const WORDS: Record<string, string> = {
  integer: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
};

const alternatives = (words: readonly string[]) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** The allowed values, in words. */
function kind(schema: Schema): string {
  if (schema.enum) return alternatives(schema.enum.map(String));
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf) return alternatives([...new Set(schema.anyOf.map(kind))]);
  if (schema.type === "array") return "a list";
  return WORDS[schema.type ?? ""] ?? "a map";
}

/** Wraps words into lines of at most `width` characters; a longer word gets a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Width of the column of keys in characters; after a longer key, the explanation begins on the next line. */
const COLUMN = 40;

function explain({ key, schema }: Key, width: number): string {
  const given = schema.default === undefined
    ? key
    : `${key}=${JSON.stringify(schema.default).replace(/^"(.+)"$/, "$1")}`;
  // Most defaults already show what the values look like.
  const choices = schema.enum || schema.anyOf || schema.default === undefined ? kind(schema) : "";
  const about = [choices, schema.description ?? ""].filter((part) => part !== "").join(". ");
  const [first, ...rest] = wrap(about, Math.max(20, width - COLUMN - 2));
  const indent = " ".repeat(COLUMN + 2);
  const head = given.length < COLUMN
    ? [`  ${given.padEnd(COLUMN)}${first}`]
    : [`  ${given}`, ...first ? [indent + first] : []];
  return [...head, ...rest.map((line) => indent + line)].map((line) => line.trimEnd()).join("\n");
}

/** The keys of some stages, with one line or more for each. */
export function listKeys(
  stages: readonly Pick<Stage, "sections">[],
  schema: PresetSchema,
  width: number,
): string {
  const whole = z.toJSONSchema(schema, { io: "input" }) as Schema;
  const sections = new Set(stages.flatMap(({ sections }) => Object.keys(sections)));
  const top = Object.entries(whole.properties ?? {}).filter(([key, value]) =>
    sections.has(key) || !mapOf(value)
  );
  return top.flatMap(([key, value]) => keysBelow(key, value)).map((key) => explain(key, width)).join("\n");
}
