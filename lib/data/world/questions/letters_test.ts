import { load, tasksOf } from "./letters.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files } from "./testing.ts";

const NUMBERS = ["ninguna", ..."una dos tres cuatro cinco seis siete ocho nueve diez once doce".split(" ")];
const number = (value: unknown) => {
  const at = NUMBERS.indexOf(String(value));
  return at < 0 ? Number(value) : at;
};
const PLACES = "primera segunda tercera cuarta quinta sexta".split(" ");
const LETTERS = "abcdefghijklmnñopqrstuvwxyz";
const { compare } = new Intl.Collator("es", { sensitivity: "base" });
const matches = (text: unknown, pattern: RegExp) => String(text).match(pattern)?.length ?? 0;
const list = (text: unknown) => String(text).split(", ");
const bare = (text: unknown) => String(text).replace(/[^\p{L}]/gu, "");
const plain = (text: unknown) => String(text).replace(/[áéíóúü]/g, (l) => "aeiouu"["áéíóúü".indexOf(l)]);
const reversed = (text: unknown) => [...String(text)].reverse().join("");
/** The last two vowels, by which no word that rhymes differs. */
const ends = (text: unknown) => plain(text).replace(/[^aeiou]/g, "").slice(-1);

const syllable = ({ w, parts, r, one, place }: Bindings) => {
  const all = String(parts).split("-");
  return all.join("") === w && all.length === number(r) && one === all.at(place === "primera" ? 0 : -1) &&
    all.every((part) => matches(plain(part.replace(/(?<=[qg])u(?=[eiéí])/, "")), /[aeiou]+/g) === 1);
};

Deno.test("the answers about letters, found again in the words, are right", () => {
  const tasks = tasksOf(files.lexicon);
  const alone = ({ all, r, l }: Bindings, end: "startsWith" | "endsWith") =>
    list(all).filter((word) => plain(word)[end](String(l))).join() === r;
  checkAnswers(tasks, {
    spell: ({ w, spelled }) => String(spelled).split("-").join("") === w,
    "set apart": ({ w, how, apart }) =>
      String(apart).split({ guiones: "-", espacios: " ", comas: ", " }[String(how)]!).join("") === w,
    "letter at": ({ w, place, l, work }) => {
      if (bare(work) !== (place === "primera" ? "" : w)) return false;
      const back = { "última": 0, "penúltima": 1 }[String(place)];
      const word = back === undefined ? String(w) : reversed(w);
      return word.charAt(back ?? PLACES.indexOf(String(place))).toLowerCase() === l;
    },
    "edge letter": ({ w, begins, l }) =>
      String(w).toLowerCase()[begins === "empieza" ? "startsWith" : "endsWith"](String(l)),
    "how many letters": ({ w, r }) => matches(w, /\p{L}/gu) === number(r),
    "how many vowels": ({ w, r }) => matches(w, /[aeiouáéíóúü]/gi) === number(r),
    "how many consonants": ({ w, r }) => matches(w, /[bcdfghj-nñp-tv-z]/gi) === number(r),
    "which vowels": ({ w, kind, found }) => {
      const own = new Set(String(w).match(kind === "vocales" ? /[aeiouáéíóúü]/g : /[^aeiouáéíóúü]/g));
      return [...own].every((l) => String(found).includes(`la ${l}`)) &&
        matches(found, /la ./g) === own.size;
    },
    "has letter": ({ w, l, verdict }) => plain(w).includes(String(l)) === (verdict === "sí"),
    "count letter": ({ w, l, r }) => plain(w).split(String(l)).length - 1 === number(r),
    position: ({ w, l, r }) => String(w).indexOf(String(l)) === PLACES.indexOf(String(r)),
    join: ({ w, apart }) => bare(apart) === w,
    backwards: ({ w, r }) => reversed(r) === w,
    replace: ({ w, old, l, r }) => String(r).replaceAll(String(l), String(old)) === w,
    remove: ({ w, place, l, r }) => (place === "primera" ? `${l}${r}` : `${r}${l}`) === w,
    gap: ({ w, gapped, l }) => String(gapped).replace("_", String(l)) === w,
    capitals: ({ w, how, r }) =>
      (how === "mayúsculas" ? String(w).toUpperCase() : String(w).toLowerCase()) === r,
    accent: ({ w, l }) => String(w).includes("áéíóú"["aeiou".indexOf(String(l))]),
    together: ({ first, second, r }) => r === `${first}${second}`,
    initials: ({ name, r }) =>
      String(name).replace(/\p{Ll}+/gu, ".").normalize("NFD").replace(/\u0301/g, "") === r,
    syllables: syllable,
    "how many syllables": syllable,
    "syllable at": syllable,
    "join syllables": ({ w, apart }) => bare(apart) === w,
    "begins with": (drawn) => alone(drawn, "startsWith"),
    "ends with": (drawn) => alone(drawn, "endsWith"),
    "which rhymes": ({ w, r, all }) =>
      w !== r &&
      list(all).filter((word) => ends(word) === ends(w) && word.at(-1) === String(w).at(-1)).join() === r,
    "do they rhyme": ({ w, other, verdict }) =>
      (String(w).at(-1) === String(other).at(-1)) === (verdict === "sí"),
    "alphabetical order": ({ all, sorted }) => list(all).sort(compare).join() === list(sorted).join(),
    "first in order": ({ all, place, r }) => list(all).sort(compare).at(place === "primero" ? 0 : -1) === r,
    longest: ({ all, r, how, n }) =>
      list(all).every((word) =>
        word === r || (how === "larga" ? word.length < Number(n) : word.length > Number(n))
      ),
    neighbour: ({ l, r, where }) => `${LETTERS}`.includes(where === "después" ? `${l}${r}` : `${r}${l}`),
    "vowel or consonant": ({ l, r }) => "aeiou".includes(String(l)) === (r === "vocal"),
    "is it a vowel": ({ l, asked, verdict }) =>
      ("aeiou".includes(String(l)) === (asked === "vocal")) === (verdict === "sí"),
    "name of the letter": ({ l, name }) =>
      name === { h: "hache", j: "jota", z: "zeta" }[String(l)] || !/[hjz]/.test(String(l)),
    "letter of the name": ({ l, name }) =>
      name === { ñ: "eñe", q: "cu", y: "ye" }[String(l)] || !/[ñqy]/.test(String(l)),
  }, 150);
});

Deno.test("letters are asked and answered in print", async () => {
  await checkWordings("letters", tasksOf(files.lexicon));
  checkForm(await load(files), { answers: "any" });
});
