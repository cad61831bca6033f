/** Clitic pronouns: before the verb (se lo dio) or attached to it (dárselo, dándoselo, dáselo). */
import { accented, stressed, withoutAcute } from "./accents.ts";
import { memoised } from "./memo.ts";

export type Clitic = "me" | "te" | "se" | "nos" | "os" | "le" | "les" | "lo" | "la" | "los" | "las";

/** le and les become se before lo, la, los, las. */
function ordered(clitics: readonly string[]): readonly string[] {
  return clitics.length === 2 && /^les?$/.test(clitics[0]) && /^l[oa]s?$/.test(clitics[1])
    ? ["se", clitics[1]]
    : clitics;
}

const joined = memoised((key) => {
  const [form, first, ...rest] = key.split(" ");
  const clitics = [first, ...rest].join("");
  const at = stressed(form);
  let stem = withoutAcute(form);
  if (stem.endsWith("mos") && (first === "nos" || first === "se")) stem = stem.slice(0, -1); // vámonos
  if (/[aei]d$/.test(stem) && first === "os" && stem !== "id") stem = stem.slice(0, -1); // lavaos
  return accented(stem + clitics, at);
});

/** An infinitive, gerund or affirmative imperative with its clitics: dar + se, lo: "dárselo"; da: "dáselo". */
export function attach(verbForm: string, clitics: readonly string[]): string {
  return clitics.length === 0 ? verbForm : joined(`${verbForm} ${ordered(clitics).join(" ")}`);
}

/** Any other form of a verb with its clitics before it: "se lo dio". */
export function precede(clitics: readonly string[], verbForm: string): string {
  return clitics.length === 0 ? verbForm : `${ordered(clitics).join(" ")} ${verbForm}`;
}
