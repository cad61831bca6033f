import { assert, assertEquals } from "@std/assert";
import { type Entity, isEntity, type Value } from "../entity.ts";
import { files } from "../questions/testing.ts";
import { Random } from "../random.ts";
import { commonRoles, Draws, type Roles } from "./draws.ts";
import { severalRoles } from "./several.ts";
import { load } from "./thought.ts";

const kind = await load(files);
const texts = Array.from({ length: 1500 }, (_, i) => kind.write(Random.of(1, i)).text);
const roles: Roles = { ...commonRoles(files.lexicon), ...severalRoles(files.lexicon) };
const drawn = (name: string, count = 400): Value[] =>
  Array.from({ length: count }, (_, i) => new Draws(files.lexicon, roles, Random.of(1, i)).value(name));

function entityOf(value: Value): Entity {
  if (!isEntity(value)) throw new Error(`${value} is no entity`);
  return value;
}

Deno.test("what belongs to someone mostly differs from its owner in number", () => {
  for (const name of ["pieza", "allegado", "trozo"]) {
    let unequal = 0;
    for (let i = 0; i < 400; i++) {
      const draws = new Draws(files.lexicon, roles, Random.of(1, i));
      if (entityOf(draws.value(name)).number !== entityOf(draws.value(`${name}_de`)).number) unequal++;
    }
    assert(unequal > 250 && unequal < 400, `${name}: ${unequal}`);
  }
});

Deno.test("a task is an infinitive with what it is done to, and of any amount one says it once", () => {
  const tasks = new Set(drawn("tarea", 2000).map(String));
  assert(tasks.size > 800, `${tasks.size}`);
  for (const task of tasks) {
    const [, use, article, singular] = /^(\p{L}+) (el|la|los|las) (.+)$/u.exec(task) ?? [];
    assert(/[aeií]r(?:se)?$/.test(use), task);
    if (article.length === 3) assert(!/^(leches|aguas|mantequillas|harinas|carnes)$/.test(singular), task);
  }
});

Deno.test("no plural is made of a noun that has none", () => {
  for (const name of ["sitio", "paraje", "manjar", "bicho", "gente", "pieza"]) {
    for (const { noun, number } of drawn(name).map(entityOf)) {
      assert(noun.plural !== "-" || number === 1, noun.singular);
    }
  }
});

Deno.test("the verb agrees with what is owned and not with its owner", () => {
  const noun = "(?:el|la) \\p{L}+ de (?:los|las) \\p{L}+",
    nouns = "(?:los|las) \\p{L}+ (?:del|de la) \\p{L}+";
  const one = new RegExp(`(?:^|[.] )${noun} (?:está|estaba|es|era|parece|parecía)(n?) `, "gimu");
  const many = new RegExp(`(?:^|[.] )${nouns} (?:está|estaba|son|es|eran?|parece|parecía)(n?) `, "gimu");
  let [ones, manys] = [0, 0];
  for (const text of texts) {
    for (const [found, plural] of text.matchAll(one)) {
      assertEquals(plural, "", found);
      ones++;
    }
    for (const [found] of text.matchAll(many)) {
      assert(/(?:n|son) $/.test(found), found);
      manys++;
    }
  }
  assert(ones > 80 && manys > 80, `${ones} and ${manys}`);
});

Deno.test("what is wanted, doubted, feared or still to come stands in the subjunctive", () => {
  const indicative = "(?:hace|tiene|va|viene|dice|sale|pone|hacía|tenía|iba|venía|decía|salía|ponía)n?";
  const wrong = new RegExp(
    `(?:quer?ía|quiere|espera|prefiere|pide|pidió|duda|dudaba|Ojalá|para|antes de|sin|posible|necesario) (?:\\p{Lu}\\p{L}+ )?que (?:(?:no|la|el|los|las|\\p{Lu}\\p{L}+) )?(?:\\p{L}+ )?${indicative} `,
    "u",
  );
  for (const text of texts) assert(!wrong.test(text), wrong.exec(text)?.[0]);
});
