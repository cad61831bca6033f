/** Analyses templates before they are rendered: names, literal text, possible narrators. */
import type { Part } from "./template.ts";
import type { Mention, Slot, Verb } from "./slots.ts";

/** Every slot, and whether it is in direct speech. */
export function* slots(parts: readonly Part[], speech = false): Generator<[Slot, boolean]> {
  for (const part of parts) {
    if (part.type === "slot") yield [part.slot, speech || part.speech];
    else if (part.type === "choice") { for (const option of part.options) yield* slots(option, speech); }
    else if (part.type === "say") yield* slots(part.parts, true);
  }
}

/** The verbs outside of direct speech. */
export function infinitives(parts: readonly Part[]): string[] {
  return [...slots(parts)].flatMap(([slot, speech]) =>
    slot.type === "verb" && !speech ? [slot.infinitive] : []
  );
}

/** The names that a slot reads from the scope. */
function namesOf(slot: Slot): readonly string[] {
  switch (slot.type) {
    case "mention":
      return slot.names;
    case "adjective":
      // With digits, "_" or "-" it is not a word but the name of a list to draw from.
      return /[\d_-]/.test(slot.word) ? [slot.word, ...slot.names] : slot.names;
    case "determined":
      return [slot.name];
    case "counted":
      return [slot.count, slot.name];
    case "verb":
      return [
        ...[...slot.names, ...slot.attached.map(([name]) => name), ...(slot.agrees ?? [])],
        ...(slot.phrase === undefined ? [] : [slot.phrase]),
      ];
  }
}

export function slotNames(parts: readonly Part[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [slot] of slots(parts)) for (const name of namesOf(slot)) names.add(name);
  const speakers = (list: readonly Part[]): void => {
    for (const part of list) {
      if (part.type === "say") { for (const name of part.names) names.add(name); }
      if (part.type === "choice") part.options.forEach(speakers);
    }
  };
  speakers(parts);
  return names;
}

/** Literal text outside of speech, with \u0000 for each slot; alternatives follow one another. */
export function narration(parts: readonly Part[]): string {
  return parts.map((part) => {
    if (part.type === "text") return part.speech ? " " : part.text;
    if (part.type === "slot") return part.speech ? " " : "\u0000";
    if (part.type === "say") return " ";
    return ` ${part.options.map(narration).join(" | ")} `;
  }).join("");
}

const PREPOSITION = /(^|\s)(a|de|con|para|por|en|sin) $/i;
const REFLEXIVE = /(^|[^\p{L}])([Ss])e $/u;
const DATIVE = /(^|[^\p{L}])([Ll])es? $/u;
const ENDS_SENTENCE = /[.?!\n]/;

/**
 * Uses the literal text around slots: `se` and `le` before a verb become part of its slot, as they depend on the
 * narrator; a mention right before its own verb is marked as its subject, which may be left out.
 */
export function linkSlots(parts: Part[]): void {
  parts.forEach((part, i) => {
    if (part.type === "choice") return part.options.forEach((option) => linkSlots(option));
    if (part.type === "say") return linkSlots(part.parts);
    if (part.type !== "slot" || part.speech) return;
    if (part.slot.type === "verb") linkClitic(parts, i, part.slot);
    if (part.slot.type === "mention" && !part.slot.property) {
      const before = parts[i - 1];
      // "le pidió a Luis que viniera": Luis is not the subject, so he is not left out.
      const governed = before?.type === "text" && PREPOSITION.test(before.text);
      const verb = governed ? undefined : verbOf(part.slot, parts.slice(i + 1));
      part.slot.subject = verb !== undefined;
      part.slot.unclear = verb !== undefined && ["~", "^", ">", "?"].includes(verb.marker);
    }
  });
}

function linkClitic(parts: Part[], i: number, verb: Verb): void {
  if (verb.phrase !== undefined) return;
  const before = parts[i - 1];
  if (before?.type !== "text") return;
  const set = (clitic: NonNullable<Verb["clitic"]>, match: RegExpExecArray) => {
    verb.clitic = clitic;
    if (match[2] === match[2].toUpperCase()) (verb as { capital: boolean }).capital = true;
    before.text = before.text.slice(0, match.index + match[1].length);
  };
  const se = REFLEXIVE.exec(before.text);
  if (se) return set([verb.names, "se"], se);
  const le = verb.names.length > 0 ? DATIVE.exec(before.text) : null;
  if (!le) return;
  const object = dativeAfter(parts, i);
  if (!object) return;
  object.doubled = true;
  set([object.names, "le"], le);
}

/** The mention after "a" in the same sentence that `le` before the verb refers to. */
function dativeAfter(parts: readonly Part[], i: number): Mention | undefined {
  for (let k = i + 1; k < parts.length; k++) {
    const [part, before] = [parts[k], parts[k - 1]];
    if (part.type === "text" && ENDS_SENTENCE.test(part.text)) return undefined;
    if (part.type !== "slot" || part.slot.type !== "mention" || part.slot.property) continue;
    if (before.type === "text" && /(^|\s)a $/.test(before.text)) return part.slot;
  }
  return undefined;
}

/** The verb whose subject a mention is, if only a few words stand between them. */
function verbOf(mention: Mention, after: readonly Part[]): Verb | undefined {
  for (const part of after) {
    if (part.type === "text" && !/[.,;:?!—«»\n]/.test(part.text) && !/(^|\s)[yo] $/.test(part.text)) continue;
    if (part.type !== "slot") return undefined;
    const { slot } = part;
    if (slot.type === "mention" && slot.property) continue;
    return slot.type === "verb" && slot.names.join("+") === mention.names.join("+") ? slot : undefined;
  }
  return undefined;
}

/** Whether "de {a}" belongs to a noun, as in "el día de {a}", and not to a verb, as in "{hablar b} de {a}". */
function belongs(list: readonly Part[], i: number): boolean {
  const [before, third] = [list[i - 1], list[i - 2]];
  if (before?.type !== "text" || !/(^|\s)de $/.test(before.text)) return false;
  if (before.text !== " de ") return /\p{L} de $/u.test(before.text);
  return third?.type === "slot" && third.slot.type !== "verb";
}

const THIRD = /(?<![\p{L}])(su|sus|suy[oa]s?|él|ella|ellos|ellas|consigo|se|\p{L}*[aeií]rse)(?![\p{L}])/iu;
const OBJECT = /(?<![\p{L}])(lo|la|los|las|le|les) $/iu;

/** Returns a function that tells whether a binding can narrate the template in the first person. */
export function narrators(parts: readonly Part[], narrated: string): (name: string) => boolean {
  if (THIRD.test(narrated)) return () => false;
  const refused = new Set<string>();
  const only: string[][] = [];
  const walk = (list: readonly Part[]): void =>
    list.forEach((part, i) => {
      if (part.type === "choice") return part.options.forEach(walk);
      if (part.type !== "slot" || part.speech) return;
      const before = list[i - 1];
      const literal = before?.type === "text" ? before.text : "";
      const { slot } = part;
      if (slot.type === "mention" && !slot.property && belongs(list, i)) {
        slot.names.forEach((name) => refused.add(name));
      }
      if (slot.type === "verb" && OBJECT.test(literal)) only.push([...slot.names]);
      if (slot.type === "determined" && !["su"].includes(slot.determiner)) refused.add(slot.name);
      if (slot.type === "counted") refused.add(slot.name);
      if (slot.type === "mention" && !slot.doubled && !slot.property && /(^|\s)a $/.test(literal)) {
        slot.names.forEach((name) => refused.add(name));
      }
      const [after, second] = [list[i + 1], list[i + 2]];
      if (
        slot.type === "mention" && after?.type === "text" && /^ [ye] $/.test(after.text) &&
        second?.type === "slot"
      ) {
        refused.add(slot.names[0]); // "yo y Luis"
      }
      if (slot.type === "mention" && (slot.property === "bare" || slot.property === "plural")) {
        refused.add(slot.names[0]);
      }
    });
  walk(parts);
  return (name) => !refused.has(name) && only.every((names) => names.includes(name));
}

/** The number of ways to choose a template's alternatives and optional parts. */
export function variants(parts: readonly Part[]): number {
  return parts.reduce((product, part) => {
    if (part.type === "say") return product * variants(part.parts);
    if (part.type !== "choice") return product;
    const ways = part.options.reduce((sum, option) => sum + variants(option), 0);
    return product * (ways + (part.optional ? 1 : 0));
  }, 1);
}
