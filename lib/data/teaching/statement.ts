/** The question that a statement answers: "Rufo es mi perro." answers "¿Quién es Rufo?" */
import { lowerFirst } from "../instructions.ts";
import { DETERMINED, NAME } from "./question.ts";

/** If a name is said to be one of these, the question is "qué …". */
const THINGS =
  "(?:un|una|el|la|mi|nuestr[oa]) (?:ciudad|pueblo|capital|país|río|lago|mar|isla|montaña|planeta|" +
  "libro|novela|película|canción|juego|programa|barco|equipo|empresa|escuela|casa)(?!\\p{L})";

/** Statements and their questions, with slots such as `{s}` and `{n}` for names, as in teaching.yaml. */
const FORMS: readonly (readonly [statement: string, question: string])[] = [
  ["me llamo .+", "cómo te llamas"],
  ["{d} se llama .+", "cómo se llama {d}"],
  ["{d} tiene (?:\\p{L}+|\\d+)(?: y \\p{L}+)? años", "cuántos años tiene {d}"],
  ["{n} tiene (?:\\p{L}+|\\d+)(?: y \\p{L}+)? años", "cuántos años tiene {n}"],
  ["{d} (?<v>vive|viven|está|están|queda|quedan) en .+", "dónde {v} {d}"],
  ["{n} (?<v>vive|viven|está|están|queda|quedan) en .+", "dónde {v} {n}"],
  [`{n} (?<v>es|era|fue) ${THINGS}.*`, "qué {v} {n}"],
  ["{n} (?<v>es|era|fue) .+", "quién {v} {n}"],
  ["{n} y (?<m>{N}) (?<v>son|eran|fueron) .+", "quiénes {v} {n} y {m}"],
  ["(?<d>(?:el|la) \\p{L}+ (?:de|del) .+?) (?<v>es|era|fue) {N}", "cuál {v} {d}"],
  ["{d} (?<v>es|era|fue) {N}", "quién {v} {d}"],
  ["{d} (?<v>son|eran|fueron) {N} y {N}", "quiénes {v} {d}"],
  ["{d} (?<v>es|son|era|eran|fue|fueron) .+", "qué {v} {d}"],
];

const SLOTS: Readonly<Record<string, string>> = {
  "{n}": `(?<n>${NAME})`,
  "{d}": `(?<d>${DETERMINED}?)`,
  "{N}": NAME,
};

const compiled = FORMS.map(([statement, question]) => {
  const pattern = statement.replaceAll(/\{[ndN]\}/g, (slot) => SLOTS[slot]);
  return [new RegExp(`^${pattern}$`, "u"), question] as const;
});

/** Longer statements, and those of several sentences, are not simple facts. */
const LONGEST = 200;

/** The question that a statement answers, or null if no form fits. */
export function questionFor(statement: string): string | null {
  const bare = statement.trim().replace(/\.$/, "");
  if (bare.length > LONGEST || /[.?!\n]/.test(bare)) return null;
  // Drop the initial capital, unless the statement begins with a name.
  const begins = new RegExp(`^(?:${DETERMINED.replace(" .+", "")}|me) `, "iu").test(bare);
  const text = begins ? lowerFirst(bare) : bare;
  for (const [form, question] of compiled) {
    const found = form.exec(text)?.groups ?? null;
    if (!form.test(text)) continue;
    return `¿${question.replaceAll(/\{(\w)\}/g, (_, name: string) => found?.[name] ?? "")}?`
      .replace(/^¿\p{L}/u, (first) => first.toUpperCase());
  }
  return null;
}
