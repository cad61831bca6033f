import { assert, assertEquals } from "@std/assert";
import { Units } from "./characters.ts";
import { LANGUAGES } from "./languages.ts";
import type { QualityOptions } from "./options.ts";
import { Quality } from "./quality.ts";
import { encodings, PLAIN } from "./testing.ts";

/** Rules that look at strings. */
function rule(rules: Partial<QualityOptions>) {
  const quality = new Quality({ ...PLAIN.quality, ...rules });
  return {
    broken: (text: string) => quality.broken(encodings(text).units),
    measure: (text: string) => quality.measure(encodings(text).units),
  };
}

const TEXTS = {
  es:
    "Cuando llueve en el pueblo, la gente saca las sillas al corredor y se queda mirando cómo el agua baja por la " +
    "calle. No hay prisa, porque el camión del pan tampoco va a llegar, y lo que no se hizo hoy se hará mañana.",
  ca:
    "Quan plou al poble, la gent treu les cadires al carrer i es queda mirant com baixa l'aigua. No hi ha pressa, " +
    "perquè el camió del pa tampoc no arribarà, i el que no s'ha fet avui es farà demà amb més calma que mai.",
  de:
    "Wenn es im Dorf regnet, stellen die Leute die Stühle auf den Gang und sehen zu, wie das Wasser die Straße " +
    "hinunterläuft. Es hat keiner Eile, denn der Wagen mit dem Brot kommt auch nicht, und was heute nicht wird, wird morgen.",
  en:
    "When it rains in the village, people take their chairs out to the porch and watch how the water runs down the " +
    "street. There is no hurry, for the bread truck will not come, and what was not done today can be done tomorrow.",
  fr:
    "Quand il pleut au village, les gens sortent les chaises et regardent comment l'eau descend dans la rue. Il n'y " +
    "a pas de hâte, car le camion du pain ne viendra pas non plus, et ce qui n'est pas fait sera fait demain.",
  it:
    "Quando piove nel paese, la gente porta fuori le sedie e guarda come l'acqua scende per la strada. Non c'è " +
    "fretta, perché il camion del pane non arriverà, e quello che non si è fatto oggi si farà domani con calma.",
  pt:
    "Quando chove na vila, as pessoas levam as cadeiras para o alpendre e ficam a ver como a água desce pela rua. Não " +
    "há pressa, porque o camião do pão também não vai chegar, e o que não se fez hoje faz-se amanhã.",
} as const;

Deno.test("a text passes as its own language and as no other", () => {
  for (const [own, text] of Object.entries(TEXTS)) {
    const passes = LANGUAGES.filter((language) => rule({ language }).broken(text) === null);
    assertEquals(passes as string[], [own], JSON.stringify(rule({}).measure(text).languages));
  }
});

Deno.test("the prose that ships passes as Spanish, every part of it of some length", async () => {
  const folder = new URL("../../../data/raw/", import.meta.url);
  const spanish = rule({ language: "es" });
  for await (const { name } of Deno.readDir(folder)) {
    for (const part of (await Deno.readTextFile(new URL(name, folder))).split(/^\*\*\*$/m)) {
      assertEquals(spanish.broken(part), null, `${name}: ${part}`);
    }
  }
});

Deno.test("symbols, digits, other alphabets and repetition are measured and judged", () => {
  const measure = (text: string) => rule({}).measure(text);
  assertEquals(measure("ab ## 12 é").symbols, 2 / 7);
  assertEquals(measure("ab ## 12 é").digits, 2 / 7);
  assertEquals(measure("añб").alphabet, 2 / 3);
  assertEquals(measure("").repetition, 0);
  // Ten words and the same ten again: 16 runs of five, of which the last 6 occurred before.
  const ten = "uno dos tres cuatro cinco seis siete ocho nueve diez ";
  assertEquals(measure(ten + ten).repetition, 6 / 16);
  assertEquals(measure(ten + ten).words, 20);
  assertEquals(rule({ symbols: 0.1 }).broken("@@@ ### hola"), "symbols");
  assertEquals(rule({ digits: 0.2 }).broken("12 34 56 hola"), "digits");
  assertEquals(rule({ alphabet: 0.9 }).broken("Привет, мир"), "alphabet");
  assertEquals(rule({ repetition: 0.3 }).broken(ten.repeat(3)), "repetition");
  for (const name of ["symbols", "digits", "repetition"] as const) {
    assertEquals(rule({ [name]: 0.3 }).broken(TEXTS.es), null);
  }
});

Deno.test("a heading ends without a mark, a sentence or a verse does not", () => {
  const marked = rule({ final_punctuation: true });
  for (const text of ["Capítulo III", "De lo que pasó en la venta", "[nota]"]) {
    assertEquals(marked.broken(text), "final punctuation", text);
  }
  for (const text of ["Y se fue.", "—¿Quién?", "«Ya voy».", "la rosa,", "dijo:"]) {
    assertEquals(marked.broken(text), null, text);
  }
});

Deno.test("a document does not remember the one before it", () => {
  const quality = rule({});
  const text = TEXTS.es;
  assertEquals(quality.measure(text), quality.measure(text));
  assert(quality.measure(text.repeat(2)).repetition > 0.4);
});

Deno.test("UTF-8 becomes the code units that a string has", () => {
  const units = new Units();
  for (const text of ["", "aé", "ñ€🙂z", "x".repeat(70_000) + "🙂"]) {
    assertEquals(units.of(encodings(text).bytes), encodings(text).units);
  }
});
