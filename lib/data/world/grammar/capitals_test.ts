import { assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { capitalised } from "./capitals.ts";

/** The same as a pattern, which takes longer. */
const STARTS = /((?:^|\n)—?[¿¡«(]*|[.?!]\s+[¿¡«(]*|\.»\s+[¿¡«(]*|: «[¿¡]*)([a-záéíóúñü])/g;
const slowly = (text: string) => text.replace(STARTS, (_, before, letter) => before + letter.toUpperCase());

Deno.test("capitalised: the first letters of sentences, of what is said, and of lines", () => {
  const text =
    "—¿qué pasa, ñu? ¡nada! (eso dijo.) ana dijo: «¿y tú?». «él», contestó.\n¡úrsula: no!\n —sí, e.j.";
  const capitals =
    "—¿Qué pasa, ñu? ¡Nada! (Eso dijo.) ana dijo: «¿Y tú?». «Él», contestó.\n¡Úrsula: no!\n —sí, e.j.";
  assertEquals(capitalised(text), capitals);
});

Deno.test("capitalised: every order of marks, as a pattern has it", () => {
  const random = Random.of(1, "capitals");
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: 8 }, () => random.pick([..."añ \n—¿¡«(.?!»:,A"])).join("");
    assertEquals(capitalised(text), slowly(text), JSON.stringify(text));
  }
});
