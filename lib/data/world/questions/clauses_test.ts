import { assertEquals } from "@std/assert";
import { type Clause, pronounFor, type Subject, tell } from "./clauses.ts";

const ana: Subject = { text: "Ana", person: 3, gender: "f" };
const yo: Subject = { text: "yo", person: 1, gender: "m" };
const niños: Subject = { text: "los niños", person: 6, gender: "m" };
const door: Clause = { subject: ana, verb: "abrir", object: { text: "la puerta", pronoun: "la" } };
const coat: Clause = { subject: niños, verb: "ponerse", object: { text: "los abrigos", pronoun: "los" } };
const sleep: Clause = { subject: yo, verb: "dormir", after: "en casa" };

Deno.test("a sentence is told in every form", () => {
  assertEquals(tell(door), "Ana abre la puerta");
  assertEquals(tell(door, { tense: "preterite", negated: true }), "Ana no abrió la puerta");
  assertEquals(tell(door, { tense: "future", pronoun: true }), "Ana la abrirá");
  assertEquals(tell(door, { subject: yo, withoutSubject: true }), "abro la puerta");
  assertEquals(tell(door, { progressive: true }), "Ana está abriendo la puerta");
  assertEquals(tell(coat), "los niños se ponen los abrigos");
  assertEquals(tell(coat, { pronoun: true, negated: true }), "los niños no se los ponen");
  assertEquals(tell(coat, { subject: yo, tense: "preterite" }), "yo me puse los abrigos");
  assertEquals(
    tell(coat, { subject: { ...yo, person: 2 }, tense: "imperative", withoutSubject: true }),
    "ponte los abrigos",
  );
  assertEquals(tell(sleep), "yo duermo en casa");
  assertEquals(tell(sleep, { subject: niños, tense: "preterite" }), "los niños durmieron en casa");
  assertEquals(tell(sleep, { progressive: true }), "yo estoy durmiendo en casa");
});

Deno.test("a pronoun stands for its subject", () => {
  assertEquals([ana, niños].map((subject) => pronounFor(subject).text), ["ella", "ellos"]);
});
