/** The settings that a result depends on, by key, and the differences between two sets of them. */
import { assignment, type Values } from "./command.ts";
import type { Preset, PresetSchema } from "./config.ts";
import type { Stage } from "./stage.ts";

/** Keys that cannot change a result: they say what is shown or saved on the way, or how ranks share the work. */
const INCONSEQUENTIAL = new Set([
  "shard_optimizer",
  "log_every",
  "save_every",
  "sample_every",
  "sample",
  "snapshots",
]);

export interface Difference {
  readonly key: string;
  /** Undefined where the key was not set. */
  readonly before: unknown;
  readonly now: unknown;
}

/** The differences between the settings that a stage's result was made with and a preset's. */
export function settingsDifferences(
  { settings, sections }: Pick<Stage, "settings" | "sections">,
  made: Readonly<Record<string, unknown>>,
  preset: Preset,
  schema: PresetSchema,
): Difference[] {
  const keys = [...settings, ...Object.keys(sections)];
  // A preset recorded by an older version lacks newer keys: they get their defaults.
  const parsed = schema.safeParse(made);
  const before = flatten(keys, parsed.success ? parsed.data : made);
  const now = flatten(keys, preset);
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => ({ key, before: before[key], now: now[key] }));
}

/** The values of some keys, by dotted key. Lists are kept as values, and so are maps whose keys contain dots. */
export function flatten(keys: readonly string[], tree: Values): Values {
  const values: Record<string, unknown> = {};
  const add = (path: readonly string[], value: unknown) => {
    if (INCONSEQUENTIAL.has(path[1])) return;
    const map = typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
    const isValue = !map || Object.keys(map).some((key) => key.includes("."));
    if (isValue) values[path.join(".")] = value;
    else for (const [key, inner] of Object.entries(map)) add([...path, key], inner);
  };
  for (const key of keys) add([key], tree[key]);
  return values;
}

/** Differences shown in one message. */
const SHOWN = 5;

/** `with pretrain.lr=0.01, and this command asks for 0.02`, and the same for further keys. */
export function explainDifferences(differences: readonly Difference[]): string {
  const told = differences.slice(0, SHOWN).map(({ key, before, now }) => {
    const made = before === undefined ? `without ${key}` : `with ${assignment(key, before)}`;
    const asked = now === undefined ? "leaves it out" : `asks for ${JSON.stringify(now)}`;
    return `${made}, and this command ${asked}`;
  });
  const more = differences.length - SHOWN;
  return [...told, ...more > 0 ? [`and ${more} more`] : []].join("; ");
}

/** The values that a result was made with, for a command that asks for them again. */
export const valuesBefore = (differences: readonly Difference[]): Values =>
  Object.fromEntries(differences.map(({ key, before }) => [key, before]));
