/** Text that grows at its end; spaces, conjunctions and contractions are corrected at the seams. */
import { codesOf } from "./grammar/capitals.ts";

const Y_ALONE = /(^|[^\p{L}])y $/u;
const O_ALONE = /(^|[^\p{L}])o $/u;
const E_BEFORE = /^[«¿¡(]*(?:[iíIÍ](?![aeoáéó])|[hH](?:i(?![aeo])|í))/;
const U_BEFORE = /^[«¿¡(]*[hH]?[oóOÓ]/;

const [SPACE, COMMA, Y, O] = [..." ,yo"].map((mark) => mark.charCodeAt(0));
/** The last letters of the prepositions that contract with an article: a and de. */
const CONTRACTING = codesOf("aAe");
/** Characters without a space after them, without one before them, and those that replace a comma. */
const TAKE_NO_SPACE = codesOf(" \n¿¡«"), CLOSING = codesOf(".,;:?!»"), STRONGER = codesOf(".,;:");

export class Line {
  #text = "";
  /** The codes of the last two characters. Reading them from a string that has just grown would copy all of it. */
  #last = 0;
  #lastBut1 = 0;
  /** Whether the next text begins a line. */
  protected newline = false;

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = "";
    this.#last = this.#lastBut1 = 0;
    this.#add(text);
  }

  #add(chunk: string): void {
    const { length } = chunk;
    this.#text += chunk;
    this.#lastBut1 = length > 1 ? chunk.charCodeAt(length - 2) : length === 1 ? this.#last : this.#lastBut1;
    if (length > 0) this.#last = chunk.charCodeAt(length - 1);
  }

  /** Appends text; at the seam it corrects spaces, "y" before an i sound, and "o" before an o sound. */
  append(chunk: string): void {
    if (chunk === "") return;
    if (this.newline) {
      if (chunk.trim() === "") return;
      this.newline = false;
      this.#add("\n");
      chunk = chunk.trimStart();
    }
    const last = this.#last, first = chunk.charCodeAt(0);
    if (first === SPACE && (last === 0 || TAKE_NO_SPACE[last] === 1)) {
      chunk = chunk.slice(1);
      if (chunk === "") return;
    } else if ((last === SPACE && CLOSING[first] === 1) || (last === COMMA && STRONGER[first] === 1)) {
      this.text = this.#text.slice(0, -1);
    }
    if (last === SPACE) {
      if (this.#lastBut1 === Y && E_BEFORE.test(chunk) && Y_ALONE.test(this.#text)) {
        this.text = this.#text.slice(0, -2) + "e ";
      } else if (this.#lastBut1 === O && U_BEFORE.test(chunk) && O_ALONE.test(this.#text)) {
        this.text = this.#text.slice(0, -2) + "u ";
      }
    }
    this.#add(chunk);
  }

  /** The word before the text's last space, in lower case. */
  wordBefore(): string {
    const { text } = this;
    const last = text.slice(text.lastIndexOf(" ", text.length - 2) + 1);
    return /(\p{L}+) $/u.exec(last)?.[1].toLowerCase() ?? "";
  }

  /** For "el mercado" after "a" or "de": removes the space and returns "l mercado". */
  contracted(text: string): string {
    if (this.#last !== SPACE || CONTRACTING[this.#lastBut1] === 0) return text; // without reading the text
    if (!/(^|[^\p{L}])(a|de|A|De) $/u.test(this.text.slice(-4))) return text;
    this.text = this.text.slice(0, -1);
    return text.slice(1);
  }
}
