import { compound, conjugate, type Person, type Tense } from "./grammar/verbs.ts";
import type { Form, Marker } from "./slots.ts";

/** The verb form of each marker in a text told in the past, and in one told in the present. */
const TENSES: Readonly<
  Record<Marker, Readonly<Record<"past" | "present", Exclude<Form, "infinitive" | "gerund" | "participle">>>>
> = {
  "": { past: "preterite", present: "present" },
  "~": { past: "imperfect", present: "present" },
  "^": { past: "pluperfect", present: "perfect" },
  ">": { past: "conditional", present: "future" },
  "?": { past: "past-subjunctive", present: "subjunctive" },
};

/**
 * A finite form of a verb, by marker or by name, reflexive if asked: ("perder", "^", "past", 3) is "había perdido".
 * "hay" stands for haber without a subject: hay, había, hubo.
 */
export function finite(
  infinitive: string,
  form: Form | Marker,
  tense: "past" | "present",
  person: Person,
  reflexive: boolean,
): string {
  const named = form in TENSES ? TENSES[form as Marker][tense] : form;
  if (infinitive === "hay") {
    return named === "present" ? "hay" : finite("haber", named as Form, tense, 3, false);
  }
  const verb = reflexive && !infinitive.endsWith("se") ? `${infinitive}se` : infinitive;
  if (named === "perfect") return compound(verb, "present", person);
  if (named === "pluperfect") return compound(verb, "imperfect", person);
  if (named === "conditional-perfect") return compound(verb, "conditional", person);
  if (named === "perfect-subjunctive") return compound(verb, "subjunctive", person);
  if (named === "pluperfect-subjunctive") return compound(verb, "past-subjunctive", person);
  return conjugate(verb, named as Tense, person);
}
