/**
 * Templates: Spanish text with slots in braces, alternatives in parentheses, optional parts in brackets.
 *
 *     (Ayer|Una mañana), {a} {perder a} {su x}[, como siempre].
 *
 * docs/world.md lists what a slot may hold. A template is compiled once and rendered often.
 */
import { UserError } from "../../errors.ts";
import { capitalised } from "./grammar/capitals.ts";
import type { Random } from "./random.ts";
import { Rendering } from "./rendering.ts";
import type { Scope } from "./scope.ts";
import { parseSlot, type Slot } from "./slots.ts";
import { infinitives, linkSlots, narration, narrators, slotNames } from "./template_analysis.ts";

export type { Scope } from "./scope.ts";

/** Literal text; `ends` and `breaks` say whether it ends the sentence or the paragraph. */
export interface Literal {
  readonly type: "text";
  text: string;
  readonly speech: boolean;
  readonly ends: boolean;
  readonly breaks: boolean;
}

/** A template's parts, in order. */
export type Part =
  | Literal
  | { readonly type: "slot"; readonly slot: Slot; readonly speech: boolean }
  | { readonly type: "choice"; readonly options: readonly Part[][]; readonly optional: boolean }
  | { readonly type: "say"; readonly names: readonly string[]; readonly parts: Part[] };

export interface Template {
  readonly source: string;
  /** Its first four characters. */
  readonly begins: string;
  /** File and line, for errors. */
  readonly where: string;
  readonly parts: readonly Part[];
  /** The names of bindings that it may use; a word before a slash ({contento/a}) is not one. */
  readonly names: ReadonlySet<string>;
  /** The text outside of slots and direct speech, with \u0000 for each slot. */
  readonly narration: string;
  /** The infinitives of the verbs that are told outside of direct speech. */
  readonly verbs: ReadonlySet<string>;
  /** Whether the binding of this name can narrate it in the first person. */
  narratedBy(name: string): boolean;
}

/** Compiles a template; throws UserError with file and line. */
export function compile(source: string, where: string): Template {
  const parser = new Parser(source, where);
  const parts = parser.sequence("");
  linkSlots(parts);
  const narrated = narration(parts);
  let may: ReturnType<typeof narrators> | undefined;
  const narratedBy = (name: string) => (may ??= narrators(parts, narrated))(name);
  const verbs = new Set(infinitives(parts));
  const begins = source.slice(0, 4);
  return { source, begins, where, parts, names: slotNames(parts), verbs, narration: narrated, narratedBy };
}

/** Renders whole sentences, with correct capitals and spaces. Throws UserError for a name that the scope lacks. */
export function render(template: Template, scope: Scope, random: Random): string {
  return capitalised(fragment(template, scope, random));
}

/** Renders a part of a sentence: like `render`, but without adding capitals. */
export function fragment(template: Template, scope: Scope, random: Random): string {
  const rendering = new Rendering(scope, random, template);
  rendering.parts(template.parts);
  return rendering.text.trim();
}

const ENDS = /[.?!\n]/;

const literal = (text: string, speech: boolean): Literal => ({
  ...{ type: "text", text, speech, ends: !speech && ENDS.test(text), breaks: text.includes("\n") },
});

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]" };

class Parser {
  #at = 0;
  #speech = false;

  constructor(private readonly source: string, private readonly where: string) {}

  /** Parses parts up to one of the characters in `end`, which is not consumed. */
  sequence(end: string): Part[] {
    const parts: Part[] = [];
    let text = "";
    const flush = () => {
      if (text) parts.push(literal(text, this.#speech));
      text = "";
    };
    while (this.#at < this.source.length && !end.includes(this.source[this.#at])) {
      const char = this.source[this.#at];
      if (char === "{" || char === "(" || char === "[") {
        flush();
        parts.push(char === "{" ? this.#slot() : this.#choice(char));
        continue;
      }
      if (char === ")" || char === "]" || char === "}" || char === "|") {
        this.#fail(`"${char}" closes or separates nothing; write \\${char} for the character itself`);
      }
      if (char === "—" || char === "«" || char === "»") {
        const opening = this.#at === 0 || this.source[this.#at - 1] === "\n";
        const speech = char === "—" ? opening || !this.#speech : char === "«";
        if (!speech) text += char; // the closing mark belongs to the speech
        if (speech !== this.#speech) flush();
        this.#speech = speech;
        if (speech) text += char;
        this.#at++;
        continue;
      }
      if (char === "\\") this.#at++;
      text += this.source[this.#at++] ?? "";
      if (char === "\n" && this.#speech) {
        flush();
        this.#speech = false;
      }
    }
    flush();
    return parts;
  }

  /** (one|other) and [optional]. */
  #choice(open: string): Part {
    const start = this.#at++;
    const close = CLOSING[open];
    const options: Part[][] = [];
    const speech = this.#speech;
    do {
      this.#speech = speech;
      options.push(this.sequence(`|${close}`));
    } while (this.source[this.#at++] === "|");
    if (this.source[this.#at - 1] !== close) {
      this.#fail(
        `"${open}" at character ${start + 1} is not closed; write \\${open} for the character itself`,
      );
    }
    if (open === "(" && options.length === 1) {
      this.#fail(
        `(${this.source.slice(start + 1, this.#at - 1)}) has no "|"; write \\( and \\) for parentheses`,
      );
    }
    return { type: "choice", options, optional: open === "[" };
  }

  #slot(): Part {
    const start = this.#at++;
    const say = /^say ([^:{}]+):\s*"/.exec(this.source.slice(this.#at));
    if (say) return this.#say(start, say[0].length, say[1].trim().split("+"));
    const end = this.source.indexOf("}", start);
    if (end < 0) {
      this.#fail(`"{" at character ${start + 1} is not closed; write \\{ for the character itself`);
    }
    this.#at = end + 1;
    try {
      return { type: "slot", slot: parseSlot(this.source.slice(start + 1, end)), speech: this.#speech };
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  /** {say a: "…"} */
  #say(start: number, skipped: number, names: readonly string[]): Part {
    this.#at += skipped;
    const outer = this.#speech;
    this.#speech = true;
    const parts = this.sequence('"');
    this.#speech = outer;
    if (this.source.slice(this.#at, this.#at + 2) !== '"}') {
      this.#fail(`{say …} at character ${start + 1} is not closed by "}`);
    }
    this.#at += 2;
    return { type: "say", names, parts };
  }

  #fail(message: string): never {
    throw new UserError(`${this.where}: ${message}`);
  }
}
