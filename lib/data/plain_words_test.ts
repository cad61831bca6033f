import { assertEquals } from "@std/assert";
import { plainWords, UNKNOWN, Vocabulary } from "./plain_words.ts";

Deno.test("a vocabulary finds in a text the numbers of its plain words", () => {
  const texts = [
    "¿Dónde está la cigüeña de Íñigo?",
    "—Sí —dijo «Ana»—. Son 3+5=8, o 2 * 4 / 1…",
    "n\u0303andu\u0301 no es ñandú; Ń tampoco es n",
    "Ωμέγα, straße, ŒUVRE, \u00aa\u00b2\u00bd, ①, \u200bнет,ни\u0301 x\u00adz İzmir ŉ",
    "un guion-medio y unos__guiones bajos",
    "",
  ];
  const vocabulary = new Vocabulary();
  const numbers = new Map<string, number>();
  for (const word of texts.flatMap(plainWords)) numbers.set(word, vocabulary.add(word));
  assertEquals([...new Set(numbers.values())], [...numbers.values()]);
  for (const text of [...texts, "Una palabra nueva, ¿y la cigueña?"]) {
    assertEquals(vocabulary.numbersIn(text), plainWords(text).map((word) => numbers.get(word) ?? UNKNOWN));
  }
  for (let code = 1; code < 0x2100; code++) {
    const text = `la${String.fromCharCode(code)}de`;
    assertEquals(vocabulary.numbersIn(text).length, plainWords(text).length, `U+${code.toString(16)}`);
  }
});
