/** Text that grows at its end, with spaces, conjunctions and contractions in order at the seams. */
const Y_ALONE = /(^|[^\p{L}])y $/u;
const O_ALONE = /(^|[^\p{L}])o $/u;
const E_BEFORE = /^[«¿¡(]*(?:[iíIÍ](?![aeoáéó])|[hH](?:i(?![aeo])|í))/;
const U_BEFORE = /^[«¿¡(]*[hH]?[oóOÓ]/;

export class Line {
  text = "";
  /** What comes next begins a line. */
  protected newline = false;

  /** Appends; mends spaces, y before i and o before o at the seam. */
  append(chunk: string): void {
    if (chunk === "") return;
    if (this.newline) {
      if (chunk.trim() === "") return;
      this.newline = false;
      this.text += "\n";
      chunk = chunk.trimStart();
    }
    const { text } = this;
    const last = text.charAt(text.length - 1);
    const first = chunk.charAt(0);
    if (
      first === " " &&
      (last === "" || last === " " || last === "\n" || last === "¿" || last === "¡" || last === "«")
    ) {
      chunk = chunk.slice(1);
      if (chunk === "") return;
    } else if (last === " " && ".,;:?!»".includes(first)) {
      this.text = text.slice(0, -1);
    } else if (last === "," && ".,;:".includes(first)) {
      this.text = text.slice(0, -1);
    }
    if (last === " ") {
      const conjunction = text.charAt(text.length - 2);
      if (conjunction === "y" && E_BEFORE.test(chunk) && Y_ALONE.test(text)) {
        this.text = text.slice(0, -2) + "e ";
      } else if (conjunction === "o" && U_BEFORE.test(chunk) && O_ALONE.test(text)) {
        this.text = text.slice(0, -2) + "u ";
      }
    }
    this.text += chunk;
  }

  /** The word before the text's last space, in lower case. */
  wordBefore(): string {
    const { text } = this;
    const last = text.slice(text.lastIndexOf(" ", text.length - 2) + 1);
    return /(\p{L}+) $/u.exec(last)?.[1].toLowerCase() ?? "";
  }

  /** "el mercado" after "a" or "de": takes the space away and gives "l mercado". */
  contracted(text: string): string {
    if (!/(^|[^\p{L}])(a|de|A|De) $/u.test(this.text.slice(-4))) return text;
    this.text = this.text.slice(0, -1);
    return text.slice(1);
  }
}
