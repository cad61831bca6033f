/** The settings that a result depends on, by key, and how two sets of them differ. */
import { assignment, type Values } from "./command.ts";
import { type Preset, PresetSchema } from "./config.ts";

/** Keys of sections that say what is shown or saved on the way, and so cannot change a result. */
const INCONSEQUENTIAL = new Set(["log_every", "save_every", "sample_every", "sample"]);

export interface Difference {
  readonly key: string;
  /** Undefined where the key was not set. */
  readonly before: unknown;
  readonly now: unknown;
}

/** Picks from a preset what decides a result: whole sections, or keys at the top. */
export type Settings = (preset: Preset) => Partial<Preset>;

/** How the settings that a result was made with differ from those of a preset. */
export function settingsDifferences(
  settings: Settings,
  made: Readonly<Record<string, unknown>>,
  preset: Preset,
): Difference[] {
  // A preset that an older version recorded lacks keys that there were not yet: they get their defaults.
  const parsed = PresetSchema.safeParse(made);
  const before = flatten(settings(parsed.success ? parsed.data : made as Preset));
  const now = flatten(settings(preset));
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => ({ key, before: before[key], now: now[key] }));
}

/** Values by dotted key. Lists are values, and so are maps whose keys have dots. */
function flatten(tree: Partial<Preset>): Values {
  const values: Record<string, unknown> = {};
  const add = (path: readonly string[], value: unknown) => {
    if (INCONSEQUENTIAL.has(path[1])) return;
    const map = typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
    const isValue = !map || Object.keys(map).some((key) => key.includes("."));
    if (isValue) values[path.join(".")] = value;
    else for (const [key, inner] of Object.entries(map)) add([...path, key], inner);
  };
  for (const [key, value] of Object.entries(tree)) add([key], value);
  return values;
}

/** Differences shown in one message. */
const SHOWN = 5;

/** `with pretrain.lr=0.01, and this command asks for 0.02`, and the same of further keys. */
export function explainDifferences(differences: readonly Difference[]): string {
  const told = differences.slice(0, SHOWN).map(({ key, before, now }) => {
    const made = before === undefined ? `without ${key}` : `with ${assignment(key, before)}`;
    const asked = now === undefined ? "leaves it out" : `asks for ${JSON.stringify(now)}`;
    return `${made}, and this command ${asked}`;
  });
  const more = differences.length - SHOWN;
  return [...told, ...more > 0 ? [`and ${more} more`] : []].join("; ");
}

/** The values that a result was made with, to ask for them again. */
export const valuesBefore = (differences: readonly Difference[]): Values =>
  Object.fromEntries(differences.map(({ key, before }) => [key, before]));
