/**
 * Checks that a story's persons stay who they are: that no names turn up without introduction, and that adjectives and
 * nouns about a person have that person's gender.
 */
import type { Gender } from "../data/world/grammar/nouns.ts";
import { conjugate, TENSES } from "../data/world/grammar/verbs.ts";
import type { Lexicon } from "../data/world/lexicon.ts";
import { tokensOf } from "./agreement.ts";
import { canAgree, type WordForms } from "./word_forms.ts";

/** The gender of each person, by name. */
export type Persons = Readonly<Record<string, Gender>>;

const set = (text: string) => new Set(text.split(" "));
const thirdPerson = (infinitives: string) =>
  new Set(
    infinitives.split(" ").flatMap((verb) =>
      TENSES.map((tense) => conjugate(verb, tense, 3).replace(/^\S+ /, ""))
    ),
  );
/** Verbs after which an adjective describes the subject. */
const COPULAS = thirdPerson("ser estar parecer seguir andar");
/** Verbs after which, with "se", an adjective describes the subject. */
const REFLEXIVE_COPULAS = thirdPerson("quedarse sentirse ponerse volverse");
/** Verbs after which an adjective of state describes the subject. */
const MOTIONS = thirdPerson("llegar volver regresar salir entrar despertar");
const BETWEEN = set("no ya también siempre todavía nunca casi se le les me nos");
const DEGREES = set(
  "muy tan más menos bastante algo casi medio demasiado siempre ya también todavía completamente",
);
/** Words that may come before a subject. */
const BEFORE_SUBJECT = set("pero que cuando porque mientras aunque si entonces y e");
const TITLES = set("don doña señor señora señorita llamado llamada llama llamaba llamaban llamó nombre");
/** Capitalised words that are not names of persons. */
const NO_NAMES = set("San Santa Santo Señor Señora Don Doña Dios Navidad Tu Su Mi");
/** Words that may come before the name of a river or a town. */
const BEFORE_PLACES = set("en de desde hasta hacia por para el la los las del al");
/** Verbs before someone who comes in: "en la banca estaba Rosana". */
const PRESENTING = thirdPerson("ser estar venir llegar aparecer entrar vivir haber");
const POSSESSIVES = set("su sus mi mis tu tus un una el la los las otro otra");

const isName = (token = "") => /^\p{Lu}\p{Ll}+$/u.test(token);
const isWord = (token = "") => /^\p{L}/u.test(token);
/** Whether a sentence goes on after a token: after a word or a comma; other marks begin a sentence, or speech. */
const goesOn = (before: string | undefined) => before !== undefined && (isWord(before) || before === ",");

export class PersonChecker {
  readonly #forms: WordForms;
  readonly #lexicon: Lexicon;
  readonly #known: ReadonlyMap<string, Gender>;
  readonly #places: RegExp;

  constructor(lexicon: Lexicon, forms: WordForms) {
    this.#forms = forms;
    this.#lexicon = lexicon;
    this.#known = new Map(lexicon.people().map(({ name, gender }) => [name, gender]));
    const { towns, knowledge } = lexicon;
    const proper = [
      ...towns.flatMap(({ name, country }) => [name, country]),
      ...knowledge.flatMap(({ subject, object }) => [subject, object]),
    ].filter((name) => isName(name.split(" ")[0]) && !this.#known.has(name));
    const longestFirst = [...new Set(proper)].sort((a, b) => b.length - a.length).map(RegExp.escape);
    this.#places = new RegExp(`(?<!\\p{L})(?:${longestFirst.join("|")})(?!\\p{L})`, "gu");
  }

  /** Names in a continuation of persons who are neither in the beginning nor introduced later ("su amigo Luis"). */
  strangers(beginning: string, persons: Persons, continuation: string): string[] {
    const tokens = tokensOf(continuation.replace(this.#places, "—"));
    const known = new Set([...Object.keys(persons), ...tokensOf(beginning).filter(isName)]);
    const strangers: string[] = [];
    for (const [i, token] of tokens.entries()) {
      if (known.has(token) || known.has(tokens[i - 1]) || !this.#namesPerson(tokens, i)) continue;
      if (!this.#isIntroduced(tokens, i, known)) strangers.push(token);
      known.add(token);
    }
    return strangers;
  }

  #namesPerson(tokens: readonly string[], i: number): boolean {
    const name = tokens[i], before = tokens[i - 1], lower = name.toLowerCase();
    const isSurname = isName(before) && goesOn(tokens[i - 2]);
    if (!isName(name) || isSurname || NO_NAMES.has(name)) return false;
    const { nouns, verbs, adjectives } = this.#forms;
    const common = nouns.has(lower) || verbs.has(lower) || adjectives.has(lower);
    if (this.#known.has(name)) return goesOn(before) || !common;
    // A name that the lexicon lacks is recognised by its capital letter inside a sentence.
    return isWord(before) && !this.#lexicon.has(lower) && !common && !BEFORE_PLACES.has(before.toLowerCase());
  }

  #isIntroduced(tokens: readonly string[], i: number, known: ReadonlySet<string>): boolean {
    const { beings } = this.#forms;
    const [before = "", earlier = ""] = [tokens[i - 1], tokens[i - 2]];
    const named = (word: string) => beings.has(word.toLowerCase()) || TITLES.has(word.toLowerCase());
    if (named(before) || PRESENTING.has(before) || before === "," && named(earlier)) return true;
    // "Sus primos Ana y Luis", "Luis, su vecino", "Luis, que lo había visto todo".
    if ((before === "y" || before === "," || before === "e") && known.has(earlier)) return true;
    const [mark, next = "", after = ""] = tokens.slice(i + 1, i + 4);
    return mark === "," && (/^(?:que|quien|de)$/.test(next) || POSSESSIVES.has(next) && beings.has(after));
  }

  /** Phrases that describe a person in the other gender, or in the plural: "Luis estaba cansada". */
  misgendered(persons: Persons, text: string): string[] {
    const { adjectives, beings, verbs } = this.#forms;
    const tokens = tokensOf(text);
    const faults: string[] = [];
    for (const [i, name] of tokens.entries()) {
      const gender = Object.hasOwn(persons, name) ? persons[name] : this.#known.get(name);
      if (!gender) continue;
      const title = tokens[i - 1]?.toLowerCase() ?? "";
      const titled = verbs.has(title) ? [] : (beings.get(title) ?? []).filter(({ number }) => number === 1);
      if (titled.length > 0 && !canAgree(titled, [{ gender, number: 1 }])) faults.push(`${title} ${name}`);
      const end = this.#describedUpTo(tokens, i);
      if (end === 0) continue;
      const said = [...adjectives.get(tokens[end]) ?? [], ...beings.get(tokens[end]) ?? []];
      if (!canAgree(said, [{ gender, number: 1 }])) {
        faults.push(tokens.slice(i, end + 1).join(" ").replace(" ,", ","));
      }
    }
    return faults;
  }

  /** The index of the word that describes the person named at `i`; 0 if there is none. */
  #describedUpTo(tokens: readonly string[], i: number): number {
    const { adjectives, beings, states, verbs } = this.#forms;
    const before = tokens[i - 1];
    const isSubject = !isWord(before) || BEFORE_SUBJECT.has(before.toLowerCase());
    if (!isSubject) return 0;
    // "Ana, cansada, …".
    if (tokens[i + 1] === "," && /^[,.]$/.test(tokens[i + 3] ?? "")) {
      const word = tokens[i + 2];
      return states.has(word) && !verbs.has(word) ? i + 2 : 0;
    }
    let at = i + 1;
    while (BETWEEN.has(tokens[at])) at++;
    const joins = COPULAS.has(tokens[at]) || tokens[at - 1] === "se" && REFLEXIVE_COPULAS.has(tokens[at]);
    const moves = MOTIONS.has(tokens[at]);
    if (!joins && !moves) return 0;
    at++;
    while (DEGREES.has(tokens[at])) at++;
    const article = joins && /^una?$/.test(tokens[at]);
    if (article) return beings.has(tokens[at + 1]) ? at + 1 : 0;
    const describes = joins ? adjectives.has(tokens[at]) || beings.has(tokens[at]) : states.has(tokens[at]);
    return describes ? at : 0;
  }
}
