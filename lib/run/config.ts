/**
 * The keys of presets: common keys at the top, and the sections that stages own. The JSON Schema with which editors
 * complete and check presets is generated from the same definitions.
 */
import { z } from "zod";

const Common = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, "expected lower-case letters, digits, - and _")
    .describe("Names the folders under data/processed and models."),
  seed: z.number().int().nonnegative().max(2 ** 32 - 1).default(1337),
  device: z.enum(["auto", "webgpu", "cpu"]).default("auto")
    .describe("auto takes a hardware GPU, and the cpu where there is none."),
  precision: z.enum(["float32", "mixed"]).default("float32").describe(
    "What training computes with: mixed keeps activations in float16, on GPUs that have shader-f16.",
  ),
  threads: z.union([z.literal("auto"), z.number().int().positive()]).default("auto")
    .describe("Threads of the cpu device."),
});

/** The keys at the top. */
export type CommonKeys = Readonly<z.infer<typeof Common>>;

/** A preset of which only the keys at the top are typed. */
export type Preset = CommonKeys & { readonly [section: string]: unknown };

/** Schemas of sections, by key. */
export type Sections = Readonly<Record<string, z.ZodType>>;

/** A preset that has these sections. */
export type PresetWith<S extends Sections> = Preset & { readonly [K in keyof S]: z.output<S[K]> };

export type PresetSchema = z.ZodObject;

/** Why a preset cannot work: a dotted key, and the reason. */
export interface Fault {
  readonly key: string;
  readonly why: string;
}

/** The schema of presets for some stages, each with the sections that it owns. */
export function presetSchema(
  stages: readonly {
    readonly sections: Sections;
    readonly optional?: boolean;
    readonly check?: (preset: Preset) => Fault | null;
  }[],
): PresetSchema {
  const sections = stages.flatMap(({ sections, optional }) =>
    Object.entries(sections).map(([key, schema]) => [key, optional ? schema.optional() : schema] as const)
  );
  return Common.extend(Object.fromEntries(sections)).superRefine((preset, context) => {
    for (const { check } of stages) {
      const fault = check?.(preset as Preset);
      if (fault) context.addIssue({ code: "custom", path: fault.key.split("."), message: fault.why });
    }
  });
}

/** The content of `configs/schema.json`. */
export function jsonSchema(schema: PresetSchema): string {
  return JSON.stringify(z.toJSONSchema(schema, { io: "input" }), null, 2) + "\n";
}
