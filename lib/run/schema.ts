/** Looks up keys in the schema of presets, for messages that propose a key. */
import type { PresetSchema } from "./config.ts";

interface Definition {
  readonly type?: string;
  readonly innerType?: Schema;
  /** The schema of a value before it is transformed. */
  readonly in?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  /** The names that a map may have, if they are of a list. */
  readonly keyType?: { readonly def?: { readonly entries?: Readonly<Record<string, string>> } };
  readonly options?: readonly Schema[];
}
interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly def?: Definition;
}

/** A schema without its defaults and transformations. */
function bare(schema: Schema): Schema {
  const inner = schema.def?.innerType ?? schema.def?.in;
  return inner ? bare(inner) : schema;
}

/** The map inside a schema, looking through lists; of alternatives, the keys of all. */
function mapIn(schema: Schema | undefined): Schema["shape"] {
  if (!schema) return undefined;
  const { shape, def } = bare(schema);
  const direct = shape ?? namedOf(def) ?? mapIn(def?.element);
  if (direct) return direct;
  const maps = def?.options?.map(mapIn).filter((map) => map !== undefined) ?? [];
  return maps.length > 0 ? Object.assign({}, ...maps.toReversed()) : undefined;
}

/** A map with names of a list, such as the shares of a mix, as if each name were a key of its own. */
function namedOf({ keyType, valueType }: Definition = {}): Schema["shape"] {
  const names = keyType?.def?.entries;
  if (!names || !valueType) return undefined;
  return Object.fromEntries(Object.values(names).map((name) => [name, valueType]));
}

/** Whether a value is a map, or may be one. */
function isMap(schema: Schema): boolean {
  const { shape, def } = bare(schema);
  return shape !== undefined || (def?.options?.some(isMap) ?? false);
}

function schemaAt(preset: PresetSchema, path: readonly string[]): Schema | undefined {
  let at: Schema | undefined = preset as unknown as Schema;
  for (const key of path) {
    if (/^\d+$/.test(key)) continue;
    at = at && (mapIn(at)?.[key] ?? bare(at).def?.valueType);
  }
  return at;
}

/** The keys that a part of the preset may have. */
export const knownKeys = (preset: PresetSchema, path: readonly string[]): string[] =>
  Object.keys(mapIn(schemaAt(preset, path)) ?? {});

/** Whether the value of a key is a list. */
export function isList(preset: PresetSchema, path: readonly string[]): boolean {
  const schema = schemaAt(preset, path);
  return schema !== undefined && bare(schema).def?.type === "array";
}

/** Dotted paths of all keys with this name within the sections. */
export function pathsTo(preset: PresetSchema, name: string): string[] {
  const find = (path: string[]): string[] =>
    knownKeys(preset, path).flatMap((key) => [
      ...key === name ? [[...path, key].join(".")] : [],
      ...isMap(schemaAt(preset, [...path, key])!) ? find([...path, key]) : [],
    ]);
  return find([]);
}
