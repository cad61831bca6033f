import { assertEquals } from "@std/assert";
import { questionFor } from "./statement.ts";

Deno.test("the question that a statement answers", () => {
  const cases = [
    ["Rufo es mi perro.", "¿Quién es Rufo?"],
    ["Ana María de la Paz era mi abuela", "¿Quién era Ana María de la Paz?"],
    ["Heredia es una ciudad de Costa Rica.", "¿Qué es Heredia?"],
    ["Los gatos son felinos.", "¿Qué son los gatos?"],
    ["La capital de Francia es París.", "¿Cuál es la capital de Francia?"],
    ["Mi perro es Rufo.", "¿Quién es mi perro?"],
    ["Mi perro se llama Rufo.", "¿Cómo se llama mi perro?"],
    ["Ana y Luis son mis primos.", "¿Quiénes son Ana y Luis?"],
    ["Ana vive en San José.", "¿Dónde vive Ana?"],
    ["La llave está en el cajón.", "¿Dónde está la llave?"],
    ["Ana tiene treinta y dos años.", "¿Cuántos años tiene Ana?"],
    ["Mi hermana tiene 8 años.", "¿Cuántos años tiene mi hermana?"],
    ["Me llamo Ana.", "¿Cómo te llamas?"],
    // What cannot be told.
    ["Llueve.", null],
    ["Rufo es mi perro. Ladra mucho.", null],
    ["¿Quién es Rufo?", null],
    ["", null],
    ["a".repeat(500), null],
  ] as const;
  for (const [statement, question] of cases) assertEquals(questionFor(statement), question, statement);
});
