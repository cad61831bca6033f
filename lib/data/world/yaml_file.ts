/** A YAML file whose errors can be reported by line. */
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { UserError } from "../../errors.ts";
import { readText } from "../../files.ts";

export type YamlPath = readonly (string | number)[];

export interface YamlFile {
  readonly path: string;
  readonly data: unknown;
  /** `file:line` of the value at a path of keys and indices, or of the nearest value above it. */
  where(path: YamlPath): string;
}

/**
 * @param remedy what to do if there is no such file
 * @throws {UserError} naming file and line, if the file cannot be read or is no YAML
 */
export async function readYaml(path: string, remedy = "wordings belong in data/world"): Promise<YamlFile> {
  const text = await readText(path, remedy);
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  const [error] = yaml.errors;
  if (error) throw new UserError(`${at(error.pos[0])}: ${error.message.split("\n")[0]}; mend the YAML`);
  const where = (keys: YamlPath): string => {
    for (let depth = keys.length; depth > 0; depth--) {
      const above = yaml.getIn(keys.slice(0, depth - 1), true);
      const key = keys[depth - 1];
      const pair = isMap(above)
        ? above.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
        : undefined;
      const node = (pair?.key ?? yaml.getIn(keys.slice(0, depth), true)) as { range?: [number] } | undefined;
      if (node?.range) return at(node.range[0]);
    }
    return at(0);
  };
  return { path, data: yaml.toJS(), where };
}
