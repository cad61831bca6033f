import { assert, assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { load, tasksOf } from "./rephrasing.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files } from "./testing.ts";

const tasks = await tasksOf(files);
const words = (text: unknown) => String(text).split(" ");
const plurals = (text: unknown) =>
  words(text).every((word, i) => i > 2 || /s$|^de$|^en$/.test(word) || i > 0);
/** How many words of one text the other lacks. */
const lost = (from: unknown, to: unknown) => words(from).filter((word) => !words(to).includes(word)).length;
const capital = (text: unknown) => String(text)[0].toUpperCase() + String(text).slice(1);
const FEMININE = new Set(
  "la una esta esa aquella mi tu su nuestra las unas estas esas aquellas mis tus sus nuestras".split(" "),
);

/** Regular verbs without changes of spelling, conjugated by the table of any schoolbook. */
const ENDINGS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ar: { presente: ["o", "as", "a", "amos", "an"], pasado: ["é", "aste", "ó", "amos", "aron"] },
  ir: { presente: ["o", "es", "e", "imos", "en"], pasado: ["í", "iste", "ió", "imos", "ieron"] },
};
const WHO = ["yo", "tú", "él", "nosotros", "ellos"];

function conjugated({ verb, who, tense, r }: Bindings): boolean {
  const infinitive = String(verb);
  const { conjugation } = files.lexicon.verb(infinitive)!;
  const person = WHO.indexOf(String(who));
  const plain = /[^gczuaeioñlj]ar$|[^gcuaeioñlj]ir$/.test(infinitive);
  if (tense === "futuro") return /(?:é|ás|á|emos|án)$/.test(words(r).at(-1)!);
  if (conjugation !== "regular" || person < 0 || !plain) return true;
  return r === infinitive.slice(0, -2) + ENDINGS[infinitive.slice(-2)][String(tense)][person];
}

Deno.test("what is said in another form keeps the rest of its words", () => {
  checkAnswers(tasks, {
    plural: ({ s, r }) => s !== r && plurals(r) && words(s).length === words(r).length,
    singular: ({ s, r }) => s !== r && plurals(s) && words(s).length === words(r).length,
    gender: ({ s, r, how }) => {
      const [feminine, masculine] = how === "en femenino" ? [r, s] : [s, r];
      const [first] = words(feminine);
      return feminine !== masculine && words(s).length === words(r).length &&
        (words(feminine).length === 1 || FEMININE.has(first) || !FEMININE.has(words(masculine)[0]));
    },
    "gender of adjective": ({ s, r, how }) => String(how === "en femenino" ? r : s).endsWith("a"),
    "plural of a word": ({ s, r }) => s !== r && plurals(r) && words(s).length === words(r).length,
    "singular of a word": ({ s, r }) => s !== r && plurals(s) && words(s).length === words(r).length,
    "gender of a word": ({ s, r }) => s !== r && words(s).length === words(r).length,
    // What is asked for in a form of both genders is answered in the masculine.
    opposite: ({ s, r }) => s !== r && !(/es$/.test(String(s)) && /as$/.test(String(r))),
    "opposite sentence": ({ s, r, w }) =>
      lost(s, r) === 1 && words(s).includes(String(w)) && !words(r).includes(String(w)),
    negation: ({ s, r, how }) => {
      const [yes, no] = how === "en negativo" ? [s, r] : [r, s];
      return String(no).replace(/(^| )no /, "$1") === yes;
    },
    question: ({ s, r }) => r === `¿${capital(s)}?`,
    exclamation: ({ s, w }) => w === `¡${capital(s)}!`,
    "object pronoun": ({ s, r, x, w }) =>
      String(s).includes(String(x)) && !String(r).includes(String(x)) && words(r).includes(String(w)),
    "subject pronoun": ({ s, r, x, w }) => String(s).replace(String(x), String(w)) === r,
    joined: ({ first, second, link, r }) =>
      words(first).length + words(second).length >= words(r).length - 1 &&
      new RegExp(` ${link === "y" ? "[ye]" : link} `).test(String(r)),
    "mixed words": ({ words: mixed, r }) =>
      String(mixed).split(/, | \/ | /).sort().join() === words(r).sort().join() && mixed !== r,
    "proper names": ({ s, r }) => String(r).toLowerCase() === s && s !== r,
    command: ({ s, r, from, to }) => from !== to && s !== r && lost(s, r) <= 2,
    forbidden: ({ s, r, how }) => String(how === "en negativo" ? r : s).startsWith("no "),
    tense: ({ s, r }) => lost(s, r) === 1 && lost(r, s) === 1,
    progressive: ({ s, r }) => lost(s, r) <= 2 && /est(?:oy|ás|á|amos|án) /.test(String(r)),
    person: ({ s, r, from, to }) => String(s).startsWith(String(from)) && String(r).startsWith(String(to)),
    dependent: ({ s, r, start }) => String(r).startsWith(`${start} `) && lost(s, r) <= 1 && s !== r,
    conjugated,
    infinitive: ({ form, r }) => /[aeií]r$/.test(String(r)) && String(form)[0] === String(r)[0],
  }, 150);
});

const PAST =
  /^(?:quería|esperaba|prefería|(?:no )?era|no creía|dudaba|me gustaría|me alegró|me molestó|pedí|tenía) /;

Deno.test("what is wanted or doubted takes the subjunctive, and what is known the indicative", () => {
  const task = tasks.find(({ name }) => name === "dependent")!;
  const forms: Record<string, string[]> = {};
  for (let seed = 0; seed < 3000; seed++) {
    const { s, r, start } = task.draw(Random.of(1, seed));
    const [verb] = words(s).filter((word) => !words(r).includes(word));
    const known = /^(?:creo|sé|dicen|es verdad|veo|me parece|estoy seguro)/.test(String(start));
    if (known) assertEquals(verb, undefined, `${s} / ${r}`);
    else if (/^(?:lava|abre|saluda|visita|come|dibuja|escribe|cuida)$/.test(verb)) {
      const changed = words(r).filter((word) => !words(s).includes(word)).at(-1)!;
      (forms[PAST.test(String(start)) ? "past" : "present"] ??= []).push(changed);
    }
  }
  assert(forms.present.length > 50 && forms.past.length > 20);
  assertEquals(
    forms.present.filter((form) => !/^(?:lave|abra|salude|visite|coma|dibuje|escriba|cuide)$/.test(form)),
    [],
  );
  assertEquals(forms.past.filter((form) => !/(?:ara|iera)$/.test(form)), []);
});

Deno.test("rephrasing is asked and answered in print", async () => {
  await checkWordings("rephrasing", tasks);
  checkForm(await load(files));
});
