/** `configs/ablations.yaml`: which variants of which preset are compared, and for how long they train. */
import { closestString } from "@std/text/closest-string";
import { z } from "zod";
import { readYaml, type YamlFile } from "../../data/world/yaml_file.ts";
import { UserError } from "../../errors.ts";
import type { Override } from "../../run/preset.ts";

/** The name of the unchanged preset among the variants. */
export const BASE = "base";

/** Keys of the preset that variants must not set, because the ablation sets them, and why. */
const DECIDED: Readonly<Record<string, string>> = {
  name: "each variant has a folder of its own",
  seed: "seeds: says which are run",
  "pretrain.steps": "they follow from steps: or minutes: and the variant's speed",
  "pretrain.minutes": "minutes: says how long all of them train",
};

const natural = z.number().int().positive();

const VariantEntry = z.strictObject({
  // Names have no underscore: it marks other folders of the ablation, such as those of texts.
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "expected lower-case letters, digits and -"),
  group: z.string().min(1),
  about: z.string().default(""),
  set: z.record(z.string().min(1), z.unknown()),
});

const AblationsFile = z.strictObject({
  preset: z.string().min(1),
  minutes: z.number().positive().max(1e4).optional(),
  steps: natural.optional(),
  seeds: z.array(z.number().int().nonnegative().max(2 ** 32 - 1)).min(1).max(20),
  texts: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "expected a name"), z.array(z.unknown()).min(1))
    .default({}),
  calibration: z.strictObject({
    rounds: natural.max(50).default(5),
    steps: natural.max(1000).default(16),
  }).prefault({}),
  out: z.string().regex(/\.md$/, "expected a file that ends in .md").default("docs/ablations-results.md"),
  variants: z.array(VariantEntry).min(1).max(200),
});

export interface Variant {
  readonly name: string;
  readonly group: string;
  readonly about: string;
  /** Its changes to the preset; none for the base. */
  readonly overrides: readonly Override[];
}

export interface Ablations extends Omit<z.infer<typeof AblationsFile>, "variants" | "texts"> {
  /** The path of the file. */
  readonly path: string;
  /** The base first. */
  readonly variants: readonly [Variant, ...Variant[]];
  /** Texts to measure bits per byte on, by name: overrides that turn a preset's corpus into that text. */
  readonly texts: Readonly<Record<string, Override>>;
}

/** @throws {UserError} with file, line and key of the first mistake */
export async function readAblations(path: string): Promise<Ablations> {
  const file = await readYaml(path, "give a file such as configs/ablations.yaml");
  const parsed = AblationsFile.safeParse(file.data);
  if (!parsed.success) throw refusal(file, parsed.error.issues);
  const { variants, texts, ...rest } = parsed.data;
  const fail = (keys: (string | number)[], message: string): never => {
    throw new UserError(`${file.where(keys)}: ${message}`);
  };
  if (rest.minutes !== undefined && rest.steps !== undefined) {
    fail(["steps"], "minutes: says how many steps there are; leave one of both out");
  }
  if (new Set(rest.seeds).size < rest.seeds.length) fail(["seeds"], "a seed is there twice; leave one out");
  variants.forEach(({ name, set }, i) => {
    const at = ["variants", i];
    if (name === BASE) fail([...at, "name"], `${BASE} is the preset as it is; choose another name`);
    if (variants.findIndex((other) => other.name === name) < i) {
      fail([...at, "name"], `there is another variant ${name} above; choose another name`);
    }
    if (Object.keys(set).length === 0) fail([...at, "set"], "it sets nothing, as the base; give it a key");
    for (const key of Object.keys(set)) {
      const why = DECIDED[key];
      if (why !== undefined) fail([...at, "set", key], `${key} cannot be varied: ${why}`);
    }
  });
  const override = (key: string, value: unknown, keys: (string | number)[]): Override => ({
    key,
    value,
    place: `${file.where(keys)}: `,
  });
  return {
    ...rest,
    path,
    variants: [
      { name: BASE, group: "", about: "the preset as it is", overrides: [] },
      ...variants.map(({ set, ...variant }, i) => ({
        ...variant,
        overrides: Object.entries(set).map(([key, value]) =>
          override(key, value, ["variants", i, "set", key])
        ),
      })),
    ],
    texts: Object.fromEntries(
      Object.entries(texts).map((
        [name, sources],
      ) => [name, override("prepare-corpus.sources", sources, ["texts", name])]),
    ),
  };
}

function refusal(file: YamlFile, issues: readonly z.core.$ZodIssue[]): UserError {
  // Reports a misspelt key rather than the missing one that it stands for.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const keys = issue.path as (string | number)[];
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(keys[0] === "variants" ? VariantEntry.shape : AblationsFile.shape);
    const [unknown] = issue.keys;
    const hint = keys[0] === "calibration" ? "rounds or steps" : closestString(unknown, known);
    return new UserError(
      `${file.where([...keys, unknown])}: ${unknown}: unknown key; did you mean ${hint}?`,
    );
  }
  const place = keys.length > 0 ? `${keys.join(".")}: ` : "";
  return new UserError(`${file.where(keys)}: ${place}${issue.message}; see configs/ablations.yaml`);
}

/**
 * The base, and the variants that have one of these names or are in one of these groups; all if no names are given.
 * @throws {UserError} if a name is neither a variant's nor a group's
 */
export function chosen({ variants }: Ablations, names: readonly string[]): readonly Variant[] {
  if (names.length === 0) return variants;
  const known = [...new Set(variants.flatMap(({ name, group }) => group ? [name, group] : [name]))];
  const stray = names.find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new UserError(
      `--only ${stray}: no variant and no group has this name; did you mean ${closestString(stray, known)}?`,
    );
  }
  return variants.filter(({ name, group }) => name === BASE || names.includes(name) || names.includes(group));
}
