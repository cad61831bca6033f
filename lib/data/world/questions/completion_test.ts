import { assert, assertEquals } from "@std/assert";
import { plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import { Wordings } from "../wordings.ts";
import type { Word } from "../words.ts";
import { load, tasksOf } from "./completion.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files } from "./testing.ts";

const { lexicon } = files;
const tasks = await tasksOf(files);
const sentences = await Wordings.read(`${files.folder}/questions/endings.yaml`);

const text = (value: unknown) => String(value);
const word = (value: unknown) => value as Word;
const number = (value: string) => {
  for (let n = 0; n <= 2000; n++) if (numberWord(n) === value) return n;
  return Number(value);
};
const MONTHS =
  "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre enero";
const DAYS = "lunes martes miércoles jueves viernes sábado domingo lunes martes";
const ROUNDS = [
  ...[MONTHS, DAYS, "primavera verano otoño invierno primavera", "do re mi fa sol la si do"],
  "a b c d e f g h i j k l m n ñ o p q r s t u v w x y z",
  "Mercurio Venus Tierra Marte Júpiter Saturno Urano Neptuno",
  "primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo",
  "primera segunda tercera cuarta quinta sexta séptima octava novena décima",
].map((round) => ` ${round} `);
const inRound = (all: readonly string[]) => ROUNDS.some((round) => round.includes(` ${all.join(" ")} `));
const members = ({ s, r }: Bindings) => [...text(s).split(", "), text(r)];
const beside = ({ d, e, s, r }: Bindings) =>
  inRound([text(d), text(e)]) && [d, e].includes(r) && !text(s).endsWith(text(r));
const opposite = ({ adj, other, r }: Bindings) =>
  lexicon.adjective(text(adj))!.opposite === other &&
  text(r).slice(0, -1).startsWith(text(other).slice(0, -1));

Deno.test("sentences end as the word files, the sums and what was said before have it", () => {
  checkAnswers(tasks, {
    parts: ({ x, p, n, r }) =>
      r === plural(word(p)) &&
      word(x).parts.some(({ noun, count }) => noun === p && numberWord(count!, noun.gender) === n),
    for: ({ x, r }) => word(x).for.includes(text(r)),
    "used for": ({ x, f, r }) => word(x).for.includes(text(f)) && text(r).endsWith(word(x).singular),
    category: ({ x, c, r }) => word(x).is === c && [word(c).singular, plural(word(c))].includes(text(r)),
    colour: ({ x, r }) => word(x).colours.join() === r,
    eats: ({ x, r }) =>
      word(x).eats.length === 1 &&
      [word(x).eats[0].noun.singular, plural(word(x).eats[0].noun)].includes(text(r)),
    opposite,
    "opposite of a person": opposite,
    "opposite of a thing": opposite,
    "opposite verb": ({ verb, r }) => lexicon.verb(text(verb))!.opposite === r,
    plural: ({ x, r }) => r === plural(word(x)),
    gender: ({ m, f, r }) => r === f && m !== f,
    persons: ({ one, two, r, s }) => r === two && text(s).includes(text(one)),
    tenses: ({ one, two, r, s }) => r === two && text(s).includes(text(one)),
    profession: ({ p, do: act, r }) =>
      text(r).endsWith(word(p).singular) ||
      lexicon.professions.some(({ does, masculine, feminine }) =>
        does.includes(text(act)) && [masculine, feminine].includes(word(p).singular) && r === act
      ),
    workplace: ({ m, r }) => text(r).endsWith(word(m).singular),
    days: beside,
    months: beside,
    sums: ({ a, b, sum, s, r }) =>
      number(text(a)) + number(text(b)) === number(text(sum)) && [a, sum].includes(r) &&
      !text(s).endsWith(text(r)),
    analogy: ({ three, four, s, r }) =>
      r === four && text(s).includes(`como ${three} `) || text(s).includes(`que ${three} `),
    // but for the gender of a colour
    "told before": ({ s, r }) => text(s).toLowerCase().includes(text(r).toLowerCase().slice(0, -1)),
    knowledge: ({ o, r }) => text(o) === r,
    known: ({ s, r }) => text(s).length > 8 && text(r).length > 0,
    "ordered series": (drawn) => inRound(members(drawn)),
    "backwards series": (drawn) => inRound(members(drawn).reverse()),
    "series of numbers": (drawn) => {
      const all = members(drawn).map(number);
      const same = (step: (a: number, b: number) => number) =>
        all.every((n, i) => i < 2 || step(all[i - 1], n) === step(all[0], all[1]));
      return same((a, b) => b - a) || same((a, b) => b / a);
    },
    "repeated series": (drawn) => {
      const all = members(drawn);
      return [2, 3].some((length) => all.every((member, i) => i < length || member === all[i - length]));
    },
  }, 150);
});

Deno.test("every sentence has one end, and each name is drawn from", () => {
  const drawn = new Set(tasks.map(({ name }) => name));
  const relations = new Set(lexicon.relations.map(({ name }) => name));
  for (const name of sentences.names) {
    assert(drawn.has(name) || relations.has(name), `nothing draws "${name}" of endings.yaml`);
    for (const { source } of sentences.of(name)) {
      assertEquals(source.split(" … ").length, 2, source);
      assert(/^[^A-ZÁÉÍÓÚ]/.test(source) && !/[.…]$/.test(source), source);
    }
  }
});

Deno.test("sentences are completed in print", async () => {
  await checkWordings("completion", tasks);
  checkForm(await load(files));
});
