/** Checks the structure of the YAML of actions and frames; errors name file and line. */
import { UserError } from "../../errors.ts";
import { compile, type Template } from "./template.ts";
import type { YamlFile, YamlPath } from "./yaml_file.ts";

/** The value at a path of a YAML file. */
export class Node {
  constructor(readonly file: YamlFile, readonly path: YamlPath, readonly value: unknown) {}

  get where(): string {
    return this.file.where(this.path);
  }

  fail(message: string): never {
    throw new UserError(`${this.where}: ${message}`);
  }

  child(key: string | number): Node {
    const value = (this.value as Record<string | number, unknown> | undefined)?.[key];
    return new Node(this.file, [...this.path, key], value);
  }

  /** The children of a map; refuses keys other than `known`, if given. */
  entries(known?: readonly string[]): [string, Node][] {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      this.fail(`expected ${known ? `keys such as ${known[0]}` : "names"} with what belongs to each`);
    }
    return Object.keys(this.value).map((key) => {
      const child = this.child(key);
      if (known && !known.includes(key)) child.fail(`unknown key "${key}"; expected ${known.join(", ")}`);
      return [key, child];
    });
  }

  has(key: string): boolean {
    return this.child(key).value !== undefined;
  }

  /** The members of a list; none if the value is missing. */
  items(): Node[] {
    if (this.value === undefined) return [];
    if (!Array.isArray(this.value)) this.fail("expected a list: one line with a dash for each");
    return this.value.map((_, i) => this.child(i));
  }

  text(): string {
    if (typeof this.value === "number") return String(this.value);
    if (typeof this.value !== "string" || this.value.trim() === "") this.fail("expected a text");
    return this.value;
  }

  /** The templates of a list; their names must be among `roles`. */
  templates(roles: Iterable<string>): Template[] {
    const known = new Set(roles);
    return this.items().map((item) => item.template(known));
  }

  template(roles: ReadonlySet<string>): Template {
    const template = compile(this.text(), this.where);
    const stray = [...template.names].find((name) => !roles.has(name));
    if (stray !== undefined) this.fail(`{${stray}} is no role here; expected ${[...roles].join(", ")}`);
    return template;
  }
}

export function root(file: YamlFile): Node {
  return new Node(file, [], file.data);
}
