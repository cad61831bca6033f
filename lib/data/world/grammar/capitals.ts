const LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúñü";
/** Capitals by the code of the small letter; a table, as toUpperCase takes many times as long. */
const CAPITALS: readonly (string | undefined)[] = Array.from(
  { length: 0x100 },
  (_, code) =>
    LETTERS.includes(String.fromCharCode(code)) ? String.fromCharCode(code).toUpperCase() : undefined,
);

/** A text (not empty) with its first letter as a capital. */
export const capital = (text: string) =>
  (CAPITALS[text.charCodeAt(0)] ?? text[0].toUpperCase()) + text.slice(1);

/** The state of the scan before a character: what came just before it. */
type At =
  | "within a sentence"
  | "line" // at the beginning of a line, with no sentence ended before
  | "stop" // after a full stop, which a quotation mark may follow
  | "ended" // after another mark that ends a sentence
  | "space" // after a sentence and a space
  | "line after" // after a sentence and a line break
  | "opened" // after a dash or an opening mark at the beginning of a sentence
  | "colon"
  | "colon and space"
  | "quoted"; // after a colon and an opening quotation mark, where speech begins

/** The states in which a letter begins a sentence. */
const BEGINS: ReadonlySet<At> = new Set(["line", "space", "line after", "opened", "quoted"]);

/** The state after a character. */
function after(at: At, char: string): At {
  const ended = at === "stop" || at === "ended" || at === "space" || at === "line after";
  switch (char) {
    case "\n":
      return ended ? "line after" : "line";
    case " ":
      return ended ? "space" : at === "colon" ? "colon and space" : "within a sentence";
    case "—":
      return at === "line" || at === "line after" ? "opened" : "within a sentence";
    case "¿":
    case "¡":
      if (at === "quoted") return at;
      break;
    case "«":
      if (at === "colon and space") return "quoted";
      break;
    case "(":
      break;
    case ".":
      return "stop";
    case "?":
    case "!":
      return "ended";
    case "»":
      return at === "stop" ? "ended" : "within a sentence";
    case ":":
      return "colon";
    default:
      return "within a sentence";
  }
  return at !== "quoted" && BEGINS.has(at) ? "opened" : "within a sentence";
}

const SMALL = codesOf(LETTERS), MARKS = codesOf("\n —¿¡«(.?!»:");

/** A table with 1 at the code of each of the characters. */
export function codesOf(chars: string): Uint8Array {
  const codes = new Uint8Array(0x10000);
  for (const char of chars) codes[char.charCodeAt(0)] = 1;
  return codes;
}

/** Capitals at the beginning of sentences. */
export function capitalised(text: string): string {
  let out = "", done = 0;
  let at: At = "line";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (MARKS[code] === 1) at = after(at, text[i]);
    else if (at !== "within a sentence") {
      if (SMALL[code] === 1 && BEGINS.has(at)) {
        out += text.slice(done, i) + CAPITALS[code];
        done = i + 1;
      }
      at = "within a sentence";
    }
  }
  return done === 0 ? text : out + text.slice(done);
}
