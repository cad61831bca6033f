import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../../../errors.ts";
import type { Exchange } from "../document.ts";
import { Random } from "../random.ts";
import { World } from "../world.ts";
import { readPatterns } from "./parse.ts";
import { Patterns } from "./patterns.ts";

const world = await World.read();
const skills = [...world.families.keys()].filter((name) => name !== "patrones");

/** A folder as of the world, with one file of patterns. */
async function filed<T>(text: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "patterns"));
    await Deno.writeTextFile(join(folder, "patterns", "some.txt"), text);
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The patterns of a folder, with the words of the project's world. */
async function patternsIn(folder: string): Promise<Patterns> {
  for (const part of ["words", "questions"]) {
    await Deno.symlink(Deno.realPathSync(join(world.files.folder, part)), join(folder, part));
  }
  return await Patterns.read({ folder, lexicon: world.files.lexicon }, skills);
}

/** Conversations of the first pattern of a file. */
const filled = (text: string, n: number): Promise<Exchange[]> =>
  filed(text, async (folder) => {
    const patterns = await patternsIn(folder);
    return Array.from({ length: n }, (_, i) => patterns.fill(patterns.all[0], Random.of(7, i)));
  });

Deno.test("slots of a text and of its answers stand for the same, and different ones for different things", async () => {
  const made = await filled(
    `# a note
[extraer]
{él} compró {i} y su primo {él2}, {i2}, cerca de {i3}.
i: el tambor | el violín | la flauta
- ¿Quién compró {i2}?
= {él2}
- ¿Qué compró {él}?
= {i}`,
    60,
  );
  for (const { family, turns } of made) {
    assertEquals(family, "extraer");
    const said = /([\p{L} ]+) compró ([^«»?¿]+) y su primo ([\p{L} ]+), (.+), cerca del? (?:la )?(\p{L}+)/u
      .exec(turns[0].instruction)!;
    const [, buyer, first, other, second, third] = said;
    assert(buyer.trim().split(" ").at(-1) !== other, said[0]);
    assertEquals(new Set([first, second].map((thing) => thing.split(" ")[1])).add(third).size, 3, said[0]);
    for (const { instruction, response } of turns.slice(1)) {
      assertEquals(
        response.toLowerCase(),
        `${/quién compró/i.test(instruction) ? other : first}.`.toLowerCase(),
        instruction,
      );
    }
  }
  assert(made.some(({ turns }) => turns.length === 2) && made.some(({ turns }) => turns.length === 1));
  // Questions are phrased in many ways.
  const phrased = new Set(made.flatMap(({ turns }) => turns.slice(1)).map(({ instruction }) => instruction));
  assert(phrased.size > 15, String(phrased.size));
});

Deno.test("columns of a list go together, and numbers keep to their range and above 0", async () => {
  const made = await filled(
    `[problemas]
n: 3..9
animal, voz: el perro, ladra | el gato, maúlla
- {animal} {voz}. Había {n} {cosas} y se llevaron {n2}. ¿Cuántas quedan?
= =n-n2
- ¿Y con otras 5?
= =n-n2+5`,
    60,
  );
  const words = ["", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"];
  for (const { turns: [first, second] } of made) {
    assert(/^El (perro ladra|gato maúlla)\. /.test(first.instruction), first.instruction);
    const [, a, b] = /Había (\S+) \p{L}+ y se llevaron (\S+)\./u.exec(first.instruction)!;
    const [n, m] = [a, b].map((one) => words.includes(one) ? words.indexOf(one) : Number(one));
    assert(n > m && m >= 3 && n <= 9, first.instruction);
    assert(first.response.startsWith(`${n} - ${m} = ${n - m}.`), first.response);
    assert(second.response.startsWith(`${n} - ${m} = ${n - m}, ${n - m} + 5 = ${n - m + 5}.`));
  }
});

Deno.test("a text may have lines with dashes; without capitals it stays so; what it does not say is not known", async () => {
  const made = await filled(
    `[no-lo-sé]
lista:
- leche
- {c} para {quien}
c: pan | queso | arroz
- ¿cuánto cuesta?
= ?`,
    20,
  );
  for (const { turns: [{ instruction, response }] } of made) {
    assert(/lista:\n- leche\n- (pan|queso|arroz) para \p{Lu}/iu.test(instruction), instruction);
    assertEquals(response, "No lo sé. El texto no lo dice.");
  }
});

Deno.test("each fault of a pattern is told with file and line", async () => {
  const faults: [string, RegExp][] = [
    ["Hola\n- ¿Qué?\n= nada", /some\.txt:1: a pattern begins with its family in brackets, one of /],
    ["[otra]\n- ¿Qué?\n= nada", /some\.txt:1: a pattern begins with its family/],
    ["[extraer]\nAna canta.", /some\.txt:1: the pattern has no question/],
    ["[extraer]\nAna canta.\n- ¿Quién canta?", /some\.txt:3: the question has no answer; write it below/],
    ["[extraer]\nAna canta.\n= Ana", /some\.txt:3: the answer has no question above it/],
    ["[extraer]\n- ¿Quién?\n=", /some\.txt:3: the answer is empty/],
    ["[extraer]\n{Él} canta.\n- ¿Quién?\n= él", /some\.txt:1: \{Él\} is no slot/],
    ["[extraer]\nél} canta.\n- ¿Quién?\n= él", /some\.txt:1: "él\} canta\." has a brace without its pair/],
    [
      "[extraer]\n{ave} canta.\n- ¿Quién?\n= él",
      /some\.txt:1: nothing stands for \{ave\}; write a list "ave: /,
    ],
    [
      "[extraer]\n{a3}\na: b | c\n- ¿Quién?\n= él",
      /some\.txt:1: \{a3\} wants more different choices than the 2 of the list a/,
    ],
    ["[extraer]\n{a}\na2: b | c\n- ¿Quién?\n= él", /some\.txt:3: a list is named by small letters alone/],
    ["[extraer]\n{a}\na, b: c, d | e\n- ¿Quién?\n= él", /some\.txt:3: "e" has 1 parts instead of 2/],
    ["[extraer]\n- ¿Quién?\n= él\nAna canta.", /some\.txt:4: the text and its lists stand above/],
    ["# nothing\n", /some\.txt: no patterns/],
  ];
  for (const [text, message] of faults) {
    const error = await filed<Error>(
      text,
      (folder) => assertRejects(() => readPatterns(join(folder, "patterns", "some.txt"), skills), UserError),
    );
    assert(message.test(error.message), error.message);
  }
  const low = "[problemas]\nn: 2..3\n- ¿Cuántas quedan de {n}?\n= =n-9";
  const error = await assertRejects(() => filled(low, 1), UserError);
  assert(/some\.txt:1: a step of a sum falls below 1 .* from 2 to 3/.test(error.message), error.message);
});

Deno.test("patterns have their share of the world's conversations and texts", () => {
  const families = new Set<string>();
  const drawn = world.conversations(3, { patrones: 1 });
  for (let i = 0; i < 200; i++) families.add(drawn.at(i).family);
  assert(families.size > 8, [...families].join());
  assertEquals(drawn.at(17), world.conversations(3, { patrones: 1 }).at(17));
  assert(world.document("patrones", 1, 5).text.length > 20);
});

Deno.test("the patterns that ship can all be filled, and none is written twice", async () => {
  const patterns = await Patterns.read(world.files, skills);
  assert(patterns.all.length > 4000, String(patterns.all.length));
  const seen = new Map<string, string>();
  for (const [i, pattern] of patterns.all.entries()) {
    const written = JSON.stringify([pattern.text, pattern.asked]);
    assertEquals(seen.get(written), undefined, pattern.where);
    seen.set(written, pattern.where);
    for (let n = 0; n < 3; n++) {
      for (const { instruction, response } of patterns.fill(pattern, Random.of(1, i, n)).turns) {
        assert(!/[{}|]|undefined/.test(instruction + response), `${pattern.where}: ${instruction}`);
      }
    }
  }
});
