import { assertEquals } from "@std/assert";
import { numeral, say, table, withSpanishNumbers } from "./page.ts";

Deno.test("numbers are written as in Spanish where they stand by themselves", () => {
  for (
    const [english, spanish] of [
      ["quedan 1,234 (0.4 %), se quitaron 12", "quedan 1.234 (0,4 %), se quitaron 12"],
      ["gatos (96.8 %), capital (100.0 %).", "gatos (96,8 %), capital (100,0 %)."],
      ["pérdida 2.91; antes -1.50", "pérdida 2,91; antes -1,50"],
      ["1,234,567.25", "1.234.567,25"],
      ["en 3, 4 y 5 de v1.2, a-1.5.txt y gpt2.yaml", "en 3, 4 y 5 de v1.2, a-1.5.txt y gpt2.yaml"],
    ]
  ) assertEquals(withSpanishNumbers(english), spanish);
});

Deno.test("tables and sentences of a report have the numbers of both languages", () => {
  const both = '<span lang="en">1,234.5 %</span><span lang="es">1.234,5 %</span>';
  assertEquals(String(numeral("1,234.5 %")), both);
  assertEquals(numeral("small.yaml"), "small.yaml");
  assertEquals(
    String(table(["a", "b"], [["c", "1,234.5 %"]])).match(/<td>.*<\/td>/)?.[0],
    `<td>${both}</td>`,
  );
  assertEquals(
    String(say("0.4 % of it", "un 0.4 %")),
    '<span lang="en">0.4 % of it</span><span lang="es">un 0,4 %</span>',
  );
});
