import { assert, assertEquals } from "@std/assert";
import { worded } from "../facts.ts";
import { capitalised } from "../grammar/capitals.ts";
import { plural } from "../grammar/nouns.ts";
import { Wordings } from "../wordings.ts";
import { load } from "./knowledge.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const family = await load(files);
const { lexicon } = files;
const drawn = draws(family, 12_000).map(({ turns }) => turns[0]);
/** Everything that may be answered from knowledge.tsv. */
const told = new Set(lexicon.knowledge.flatMap((fact) => {
  const { answer, short, answerSubject, shortSubject } = fact.relation;
  return [...answer, ...short, ...answerSubject, ...shortSubject].map((wording) =>
    capitalised(worded(wording, fact))
  );
}));
/** The questions whose answers are not from knowledge.tsv. */
const turns = drawn.filter(({ response }) => !told.has(response));

Deno.test("conocimiento: 2,000 questions are well formed and differ", () => assertWellFormed(family));

/** Counts the answers that a pattern reads, and checks each against the word files. */
function checked(pattern: RegExp, check: (match: RegExpExecArray, instruction: string) => void): number {
  const matches = turns.flatMap(({ instruction, response }) => {
    const match = pattern.exec(response);
    return match ? [[match, instruction] as const] : [];
  });
  for (const [match, instruction] of matches) check(match, instruction);
  return matches.length;
}

const own = (name: string) => lexicon.nouns.filter(({ singular }) => singular === name);

Deno.test("conocimiento: what things are for, eat and have is what nouns.tsv says", () => {
  const uses = checked(/^(?:El|La) ([\p{L} ]+?) sirve para (.+)\.$/u, ([, name, uses]) => {
    assert(own(name).some((word) => word.for.every((use) => uses.includes(use))), `${name}: ${uses}`);
  });
  const meals = checked(/^(?:El|La) ([\p{L} ]+?) come (.+)\.$/u, ([, name, meals]) => {
    assert(
      own(name).some(({ eats }) => eats.length === meals.split(/, | [ye] /).length),
      `${name}: ${meals}`,
    );
  });
  const kinds = checked(
    /^Una? ([\p{L} ]+?) es una? (.+?) que (?:sirve|come|se encuentra) /u,
    ([, name, kind]) => {
      assert(own(name).some(({ is }) => is.singular === kind), `${name}: ${kind}`);
    },
  );
  assert(uses > 50 && meals > 20 && kinds > 50, `${uses} uses, ${meals} meals, ${kinds} kinds`);
});

Deno.test("conocimiento: opposites, towns and professions are those of their files", () => {
  const opposites = checked(/^(\p{L}+)\.$/u, ([, opposite], instruction) => {
    const word = /(?:contrario|opuesto|[Aa]ntónimo).*? de «?(\p{L}+)»?/u.exec(instruction)?.[1];
    if (!word) return;
    assertEquals((lexicon.adjective(word) ?? lexicon.verb(word))?.opposite, opposite.toLowerCase());
  });
  const towns = checked(/^(?!Uno )([\p{L} ]+?) está en ([\p{L} ]+)\.$/u, ([, name, country], instruction) => {
    const town = lexicon.towns.find((town) => town.name === name);
    assert(town?.country === country || /contine|país|mundo/i.test(instruction), instruction);
  });
  const work = checked(/^El trabajo (?:del|de la) ([\p{L} ]+?) es (.+)\.$/u, ([, name, work]) => {
    const profession = lexicon.professions.find((one) => [one.masculine, one.feminine].includes(name));
    assert(profession!.does.every((task) => work.includes(task)), name);
  });
  assert(
    opposites > 30 && towns > 30 && work > 30,
    `${opposites} opposites, ${towns} towns, ${work} professions`,
  );
});

Deno.test("conocimiento: answers name what was asked, and are asked in more than 100 ways", async () => {
  for (const { instruction, response } of turns.slice(0, 500)) {
    const words = (text: string) => text.toLowerCase().match(/\p{L}{3,}|(?<!\p{L})té(?!\p{L})/gu) ?? [];
    const asked = words(instruction).map((word) => word.slice(0, 4));
    // Those that ask who or what answer with the name alone.
    if (response.split(" ").length <= 6) continue;
    assert(words(response).some((word) => asked.includes(word.slice(0, 4))), `${instruction} → ${response}`);
  }
  assert(ways(await Wordings.read(`${files.folder}/questions/knowledge.yaml`)) > 100);
});

Deno.test("conocimiento: two questions in three are of knowledge.tsv, and name the other end of the fact", () => {
  assert(turns.length > 0.2 * drawn.length && turns.length < 0.4 * drawn.length, `${turns.length}`);
  const ends = Map.groupBy(
    lexicon.knowledge.flatMap((fact) => [[fact.subject, fact.object], [fact.object, fact.subject]]),
    ([, end]) => end.toLowerCase(),
  );
  const asked = drawn.flatMap(({ instruction, response }) => {
    const others = ends.get(response.replace(/\.$/, "").toLowerCase());
    return others ? [{ instruction, others }] : [];
  });
  assert(asked.length > 2000);
  const plain = (text: string) => text.toLowerCase().replace(/^(?:el|la|los|las) /, "");
  const apart = asked.filter(({ instruction, others }) =>
    !others.some(([other]) => instruction.toLowerCase().includes(plain(other)))
  );
  // Another file's question may happen to have such an answer.
  assert(apart.length < 0.05 * asked.length, apart.map(({ instruction }) => instruction).join("\n"));
});

Deno.test("conocimiento: what is denied is not in nouns.tsv, and sí and no are in balance", () => {
  const answered = (word: string) => turns.filter(({ response }) => response.startsWith(word)).length;
  const [yes, no] = [answered("Sí"), answered("No")];
  assert(Math.max(yes, no) < 1.4 * Math.min(yes, no), `${yes} sí, ${no} no`);
  let meals = 0;
  for (const { instruction, response } of turns) {
    const asked = /[¿ ](?:el|la|un|una) ([\p{L} ]+?) come (\p{L}+)[?,.]/u.exec(instruction);
    const word = asked && lexicon.noun(asked[1]);
    if (!word || !/^(?:Sí|No)/.test(response)) continue;
    const eats = word.eats.some(({ noun, plural: many }) =>
      (many ? plural(noun) : noun.singular) === asked[2]
    );
    assertEquals(response.startsWith("Sí"), eats, instruction);
    meals++;
  }
  assert(meals > 10, `${meals} meals checked`);
});
