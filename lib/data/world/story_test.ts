import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { Lexicon } from "./lexicon.ts";
import { Random } from "./random.ts";
import { Stories } from "./stories.ts";

const folder = new URL("../../../data/world", import.meta.url).pathname;
const lexicon = await Lexicon.read(`${folder}/words`);

/** Stories of the files that ship, with actions and frames of their own instead. */
async function read(frames: string, actions = ACTIONS, scenes = FRAME): Promise<Stories> {
  const own = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${own}/actions`);
    await Deno.mkdir(`${own}/frames`);
    await Deno.mkdir(`${own}/scenes`);
    for (const name of ["openings", "endings", "feelings"]) {
      await Deno.copyFile(`${folder}/frames/${name}.yaml`, `${own}/frames/${name}.yaml`);
    }
    await Deno.writeTextFile(`${own}/actions/own.yaml`, actions);
    await Deno.writeTextFile(`${own}/frames/own.yaml`, frames);
    await Deno.writeTextFile(`${own}/scenes/own.yaml`, scenes);
    return await Stories.read({ folder: own, lexicon });
  } finally {
    await Deno.remove(own, { recursive: true });
  }
}

const ACTIONS = `perder:
  with: [a person, x thing, m place]
  needs: [has a x, at a m]
  then: [not has a x, at x m]
  say: ["{a} {perder a} {el x}.", "En {el m}, {a} {perder a} {el x}.", "{a} no {tener~ a} {el x}.", "¡Ay! {a}."]
  clause: "{a} {perder^ a} {el x}"
  asks:
    - ["¿Qué {perder a} {a!}?", "{el x}"]
`;
const FRAME = `perdido:
  cast:
    a: child
    x: thing juguete
    m: place public
  start:
    - has a x
    - at a m
  steps:
    - do: perder a x m
    - feel: a triste
`;

const stories = await Stories.read({ folder, lexicon });

Deno.test("every frame plays to its end, with all seeds, and its text is in order", () => {
  for (const frame of stories.world.frames.values()) {
    for (let seed = 0; seed < 20; seed++) {
      const { text } = stories.tell(Random.of(seed, frame.name), { frame });
      const fault = / {2}|undefined|\[object|\n\n| [.,;:!?]|[{}|\[\]]|(^|\n)[^A-ZÁÉÍÓÚÑ¡¿«—\d]/.exec(text);
      assert(!fault, `${frame.name}, seed ${seed}: "${fault?.[0]}" at ${fault?.index} of\n${text}`);
      assert(/[.!?»…]$|\n\p{Lu}[^\n]*$/u.test(text), `${frame.name}, seed ${seed} ends so:\n${text}`);
    }
  }
});

const ANY = `mudo:
  cast:
    a: person
    b: friend of a
    x: thing juguete
    m: place public
  start: [has a x, at a m, at b m]
  steps:
    - any: [perder a|b x m]
      times: 2 4
`;

Deno.test("of any, what can be done is done, each once at most, and nothing is told around it", async () => {
  const scenes = await read(FRAME, ACTIONS, ANY);
  for (let seed = 0; seed < 50; seed++) {
    const { events, passages, text, opening, ending } = scenes.scene(new Random(seed));
    assertEquals(
      events.map(({ action }) => action!.name),
      ["perder"],
      "b has nothing to lose, and a only once",
    );
    assertEquals([opening, ending, text], [[], undefined, passages[0].text]);
  }
  for (
    const [lines, fault] of [
      ["- any: [perder a x]", 'own.yaml:9: "perder" takes 3 arguments'],
      ["- any: [saltar a|b x m]", 'own.yaml:9: unknown action "saltar a x m"'],
      ["- any: [perder a|z x m]", '"z" is no role'],
      ["- { any: [perder a x m], times: 0 }", 'expected how often, or the fewest and the most: "2 4"'],
      ["- { any: [perder a x m], times: 5 2 }", "expected how often"],
      ["- { any: [perder a x m], times: 1 9999999 }", "9999999 is too often; write 12 at most"],
    ]
  ) {
    const scene = ANY.replace(/- any.*\n.*times.*/, lines);
    const error = await assertRejects(() => read(FRAME, ACTIONS, scene), UserError);
    assert(error.message.includes(fault), error.message);
  }
});

Deno.test("every scene that ships is played, and its text is in order", () => {
  const played = new Set<string>();
  for (let seed = 0; seed < 6000; seed++) {
    const { frames: [{ name }], text } = stories.scene(Random.of(seed, "scene"));
    played.add(name);
    const fault = / {2}|undefined|\[object|\n\n| [.,;:!?]|[{}|\[\]]|(^|\n)[^A-ZÁÉÍÓÚÑ¡¿«—\d]/.exec(text);
    assert(!fault, `${name}, seed ${seed}: "${fault?.[0]}" at ${fault?.index} of\n${text}`);
  }
  assert(played.size > 15, `${played.size} scenes`);
});

Deno.test("a story is the same for the same seed, and another for another", () => {
  const texts = Array.from({ length: 50 }, (_, seed) => stories.tell(new Random(seed)).text);
  assertEquals(Array.from({ length: 50 }, (_, seed) => stories.tell(new Random(seed)).text), texts);
  assertEquals(new Set(texts).size, 50);
});

Deno.test("an action is done only where what it needs is so", async () => {
  const { world } = await read(FRAME);
  assert(world.frames.has("perdido"));
  const without = await read(FRAME.replace("    - has a x\n", ""));
  const message = assertThrows(() => without.tell(new Random(1)), UserError).message;
  assert(message.includes('own.yaml:9: "perder" needs "has a x", which is not so here'), message);
  const elsewhere = await read(FRAME.replace("    - at a m\n", ""));
  assert(assertThrows(() => elsewhere.tell(new Random(1)), UserError).message.includes('needs "at a m"'));
});

Deno.test("what is done changes what is so, and the last event causes a feeling", async () => {
  const { events, state, bindings: { a, x, m } } = (await read(FRAME)).tell(new Random(1));
  assertEquals(events.map(({ action, feeling }) => action?.name ?? feeling), ["perder", "triste"]);
  assert(!state.holds("has", [a, x]) && state.placeOf(x) === m && state.holds("feels", [a, "triste"]));
  assert(events[1].cause?.event === 0 && events[1].cause.template === events[0].clause.template);
});

Deno.test("steps can be chosen from, left out, and taken from another frame", async () => {
  const say = (word: string) => `say: ["{a} ${word}.", "{a} ${word}.", "{a} ${word}.", "{a} ${word}."]`;
  const other = await read(`${FRAME}
otro:
  cast:
    b: child
    y: thing juguete
    l: place public
  start: [has b y, at b l]
  steps:
    - choose:
        - [{ ${say("canta")} }]
        - weight: 3
          steps: [{ ${say("baila")} }]
    - maybe: [{ ${say("ríe")} }]
    - use: perdido
      with: { a: b, x: y, m: l }
`.replaceAll("{a} ", "{b} "));
  const told = Array.from(
    { length: 60 },
    (_, seed) => other.tell(new Random(seed), { frame: other.world.frames.get("otro")! }),
  );
  const texts = told.map(({ text }) => text);
  const share = (word: string) => texts.filter((text) => text.includes(` ${word}.`)).length / texts.length;
  assert(share("baila") > share("canta") && share("canta") > 0.05, `${share("baila")} ${share("canta")}`);
  assert(share("ríe") > 0.25 && share("ríe") < 0.75);
  assert(
    told.every(({ frames, events }) => frames[1].name === "perdido" && events[0].action?.name === "perder"),
  );
});

Deno.test("under 1 % of stories begin with the same four words as another", () => {
  const begun = new Map<string, number>();
  for (let seed = 0; seed < 4000; seed++) {
    const words = stories.tell(Random.of(2, seed)).text.split(/\s+/).slice(0, 4).join(" ");
    begun.set(words, (begun.get(words) ?? 0) + 1);
  }
  const shared = [...begun].filter(([, count]) => count > 1);
  const share = shared.reduce((sum, [, count]) => sum + count, 0) / 4000;
  assert(share < 0.01, `${share}: ${shared.map(([words, count]) => `${count} ${words}`).join(", ")}`);
});

const FAULTS: readonly (readonly [what: string, from: string, to: string, message: string])[] = [
  ["frame", "perder a x m", "perderse a x m", 'own.yaml:10: unknown action "perderse a x m"'],
  ["frame", "perder a x m", "perder a x", 'own.yaml:10: "perder" takes 3 arguments'],
  ["frame", "perder a x m", "perder a m x", 'own.yaml:10: "m" is a place; expected thing'],
  ["frame", "perder a x m", "perder a z m", 'own.yaml:10: "z" is no role (a, x, m)'],
  ["frame", "perder a x m", "perder a llave m", 'own.yaml:10: give "llave" a role in cast'],
  ["frame", "has a x", "hass a x", 'own.yaml:7: unknown predicate "hass"'],
  ["frame", "has a x", "has a", '"has a" has 1 arguments'],
  ["frame", "juguete", "jugete", 'own.yaml:4: "jugete" is no category'],
  ["frame", "juguete", "juguete,electric,edible", "no noun of nouns.tsv fits"],
  ["frame", "a: child", "a: chil", 'own.yaml:3: "chil": expected child, adult'],
  ["frame", "x: thing juguete", "x: amigo of b", 'own.yaml:4: "b" is no person'],
  ["frame", "a triste", "a azul", 'own.yaml:11: "azul" is no role'],
  ["frame", "feel: a triste", "feel: a triste\n      mood: color", 'own.yaml:12: the only mood is "colour"'],
  ["frame", "steps", "stepss", 'own.yaml:9: unknown key "stepss"'],
  ["frame", "feel: a triste", "say: ['{a', x, x, x]", 'own.yaml:11: "{" at character 1 is not closed'],
  ["frame", "feel: a triste", "say: ['{q}', x, x, x]", "own.yaml:11: {q} is no role here"],
  ["frame", "feel: a triste", "say: [x]", "own.yaml:11: 1 wordings; write 4 or more"],
  ["frame", "feel: a triste", "use: otro", 'own.yaml:11: no other frame is called "otro"'],
  ["action", "has a x", "has a q", 'own.yaml:3: "q" is no role'],
  ["action", "with: [a person", "with: [a persona", 'own.yaml:2: "persona" is none of being, person'],
  ["action", '  clause: "{a} {perder^ a} {el x}"\n', "", '"perder" lacks its clause'],
  ["action", '{el x}"]', '{el x}", "x"]', "own.yaml:8: expected a question and its answer"],
  ["action", '"{a} {perder a} {el x}.", ', "", 'own.yaml:5: "perder" has 3 wordings'],
];

for (const [what, from, to, message] of FAULTS) {
  Deno.test(`a fault of ${what} is told with file and line: ${to.split("\n")[0] || "no clause"}`, async () => {
    const changed = (text: string) => {
      assert(text.includes(from), `${from} is not there`);
      return text.replace(from, to);
    };
    const reading = () => what === "frame" ? read(changed(FRAME)) : read(FRAME, changed(ACTIONS));
    const error = await assertRejects(reading, UserError);
    assert(error.message.includes(message), error.message);
  });
}
