/** Compares what a server answers with its own description, by a validator that knows nothing of the server's. */
import { Ajv2020 } from "ajv/2020";

/** A reference to a part of the description. */
const pointer = (...path: string[]) =>
  `api#/${
    path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")
  }`;

// deno-lint-ignore no-explicit-any
export type Document = any;

export class Description {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #paths: readonly { readonly path: string; readonly pattern: RegExp }[];

  constructor(document: Document) {
    this.document = document;
    this.#ajv.addSchema(document, "api");
    // Fixed paths first: /lessons/stop before /lessons/{id}.
    this.#paths = Object.keys(document.paths).sort((a, b) =>
      Number(a.includes("{")) - Number(b.includes("{"))
    )
      .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`) }));
  }

  static async of(url: string): Promise<Description> {
    return new Description(await (await fetch(`${url}/openapi.json`)).json());
  }

  /** The path of the description that an address has. */
  pathOf(pathname: string): string {
    const found = this.#paths.find(({ pattern }) => pattern.test(pathname));
    if (!found) throw new Error(`${pathname} is not described`);
    return found.path;
  }

  /** What is wrong with a value; null if nothing. @param path where its schema is, within `paths` */
  fault(value: unknown, ...path: string[]): string | null {
    const schema = this.#ajv.getSchema(pointer("paths", ...path));
    if (!schema) return `${path.join(" ")} is not described`;
    return schema(value) ? null : `${path.join(" ")}: ${this.#ajv.errorsText(schema.errors)}`;
  }

  /** What is wrong with the JSON of an answer; null if nothing. */
  answerFault(value: unknown, { method, path, status, type = "application/json" }: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly type?: string;
  }): string | null {
    return this.fault(
      value,
      path,
      method.toLowerCase(),
      "responses",
      String(status),
      "content",
      type,
      "schema",
    );
  }
}
