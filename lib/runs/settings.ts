/** Compares the settings that runs were made with. */
import { flatten } from "../run/settings.ts";
import type { Facts } from "./facts.ts";

export interface SettingRow {
  /** Dotted. */
  readonly key: string;
  /** The value in each run, as JSON; null where it is not set. */
  readonly values: (string | null)[];
  readonly differs: boolean;
}

/** Whether a section concerns something made after or beside a run's own training. */
const isOther = (section: string, stage: string | null) =>
  section === "evaluate" || section === "name" || section === "teach" ||
  section.startsWith("finetune-") && section !== stage || section === "pretrain" && stage === null;

function settingsOf({ stage, preset }: Pick<Facts, "stage" | "preset">): Readonly<Record<string, unknown>> {
  const keys = Object.keys(preset ?? {}).filter((section) => !isOther(section, stage));
  return flatten(keys, preset ?? {});
}

/** Every setting that the runs may depend on, in the order of their presets. */
export function compareSettings(runs: readonly Pick<Facts, "stage" | "preset">[]): SettingRow[] {
  const settings = runs.map(settingsOf);
  const keys = new Set(settings.flatMap((values) => Object.keys(values)));
  return [...keys].map((key) => {
    const values = settings.map((of) => of[key] === undefined ? null : JSON.stringify(of[key]));
    return { key, values, differs: new Set(values).size > 1 };
  });
}
