import { assert, assertEquals } from "@std/assert";
import { compareWords, isVowel, rhyme, syllables } from "./spelling.ts";

Deno.test("words are divided into syllables as a schoolbook does", () => {
  const divided =
    ("ca-sa pe-rro gui-ta-rra que-so rí-o rui-do ciu-dad puer-ta e-xa-men ha-cha lla-ve le-ón " +
      "ins-tan-te obs-tá-cu-lo pin-güi-no cua-der-no po-e-ta ba-úl pa-ís trans-por-te ex-tra-ño pei-ne a-vión " +
      "hue-vo guan-te cons-truir len-gua tea-tro").replace("tea-tro", "te-a-tro").split(" ");
  for (const word of divided) assertEquals(syllables(word.replaceAll("-", ""))?.join("-"), word);
});

Deno.test("a word whose spelling does not tell its syllables is not divided", () => {
  for (const word of ["rey", "búho", "atletismo", "submarino", "playa", "prohibir", "sh", "Ana"]) {
    assertEquals(syllables(word), undefined, word);
  }
});

Deno.test("words rhyme from the stressed vowel on", () => {
  for (const [a, b] of [["gato", "pato"], ["canción", "ratón"], ["árbol", "cárbol"], ["feliz", "nariz"]]) {
    assertEquals(rhyme(a), rhyme(b));
  }
  for (const [a, b] of [["gato", "perro"], ["camión", "camino"], ["sábana", "semana"], ["rato", "rabo"]]) {
    assert(rhyme(a) !== rhyme(b), `${a} ${b}`);
  }
});

Deno.test("words are in the order of a Spanish dictionary", () => {
  const { compare } = new Intl.Collator("es", { sensitivity: "base" });
  const words = "nube ñandú nuez oso ojo árbol arena ala zapato nido noche ñoño ópera".split(" ");
  assertEquals(words.toSorted(compareWords), words.toSorted(compare));
});

Deno.test("vowels are vowels with their accents, and y is none", () => {
  assertEquals([..."aáeéiíoóuúüAÉ"].every(isVowel), true);
  assertEquals([..."bñyzÑ"].some(isVowel), false);
});
