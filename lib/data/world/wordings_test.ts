import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { Casting } from "./casting.ts";
import { Lexicon } from "./lexicon.ts";
import { Random } from "./random.ts";
import { Wordings } from "./wordings.ts";

const lexicon = await Lexicon.read(new URL("../../../data/world/words", import.meta.url).pathname);

async function wordings(yaml: string): Promise<Wordings> {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(path, yaml);
    return await Wordings.read(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("wordings are templates by name", async () => {
  const read = await wordings("greet:\n  - ¡hola, {a}!\nleave:\n  - adiós\n");
  assertEquals(read.names, ["greet", "leave"]);
  const scope = { bindings: { a: "Ana" } };
  assertEquals(read.say("greet", scope, new Random(1)), "¡Hola, Ana!");
  assertEquals(read.part("leave", scope, new Random(1)), "adiós");
  assertThrows(() => read.of("sing"), UserError, 'nothing is said under "sing"');
});

Deno.test("a fault in a file of wordings names file, line and what to do", async () => {
  await assertRejects(() => wordings("greet:\n  - hola\n  - '{a'\n"), UserError, ".yaml:3: ");
  await assertRejects(
    () => wordings("greet:\n  - hola\nleave: adiós\n"),
    UserError,
    ".yaml:3: expected a list",
  );
  await assertRejects(() => wordings("greet: [a\n"), UserError, "mend the YAML");
});

Deno.test("nobody is cast twice in a text, and four of ten names are invented", () => {
  const known = new Set(lexicon.people().map(({ name }) => name));
  let invented = 0;
  for (let seed = 0; seed < 100; seed++) {
    const casting = new Casting(lexicon, new Random(seed));
    const people = Array.from({ length: 8 }, () => casting.person());
    assertEquals(new Set(people.map(({ name }) => name)).size, 8);
    invented += people.filter(({ name }) => !known.has(name!)).length;
    assert(people.every(({ noun }) => lexicon.has(noun.singular)), "an age that the lexicon does not have");
  }
  assert(invented > 240 && invented < 400, `${invented} of 800 names are invented`);
});
