import { assertEquals } from "@std/assert";
import { drawAlike, type Labelled } from "./labelled.ts";

const texts = (counts: Record<string, number>): Labelled[] =>
  Object.entries(counts).flatMap(([label, n]) =>
    Array.from({ length: n }, (_, i) => ({ text: `${label} ${i}`, label, where: `texts.csv:${i}` }))
  );

Deno.test("a sample like others has as many of each label, drawn by seed", () => {
  const examples = texts({ cocina: 144, deporte: 90, salud: 2 });
  const others = texts({ cocina: 31, deporte: 20, salud: 5 });
  const drawn = drawAlike(examples, others, 1);
  const count = (label: string) => drawn.filter((example) => example.label === label).length;
  assertEquals(["cocina", "deporte", "salud"].map(count), [31, 20, 2]);
  assertEquals(new Set(drawn).size, 53);
  assertEquals(drawn, drawAlike(examples, others, 1));
  const other = drawAlike(examples, others, 2).map(({ text }) => text);
  assertEquals(other.join() === drawn.map(({ text }) => text).join(), false);
});
