import { assert, assertEquals } from "@std/assert";
import { isEntity } from "./entity.ts";
import { numberWord } from "./grammar/numbers.ts";
import { StoryQuestions } from "./comprehension/questions.ts";
import type { Asked } from "./comprehension/asker.ts";
import { mayBeSo } from "./comprehension/deeds.ts";
import { load } from "./questions/comprehension.ts";
import { fault, files } from "./questions/testing.ts";
import { Random } from "./random.ts";
import { Stories, type Story } from "./stories.ts";
import { State } from "./state.ts";

/** Stories that are checked; STORIES=10000 checks as many. */
const STORIES = Number(Deno.env.get("STORIES") ?? 300);

const [stories, questions] = await Promise.all([Stories.read(files), StoryQuestions.read(files)]);

const drawn = Array.from({ length: STORIES }, (_, i) => {
  const story = i % 2 === 0 ? stories.tell(Random.of(5, i)) : stories.scene(Random.of(5, i));
  return [story, questions.draw(story, Random.of(6, i), 12)] as const;
});

/** Calls with many stories and what is asked about them. */
function every(check: (story: Story, asked: readonly Asked[], text: string) => void): void {
  for (const [story, asked] of drawn) check(story, asked, `\n${story.text}`);
}

const SMALL = new Set(
  "sí no lo la los las le al el de del en con por un una que porque y e quien cuenta historia está es primero después antes personaje principal casa"
    .split(" "),
);
const words = (text: string): string[] => text.toLowerCase().match(/\p{L}+/gu) ?? [];
/** As much of a word as its inflected forms share. */
const stem = (word: string) => word.slice(0, Math.max(3, word.length - 3));

Deno.test("names and nouns of an answer stand in the text", () => {
  every((story, asked, text) => {
    const known = words(text).map(stem);
    for (const { kind, question, answer } of asked) {
      const names = answer.match(/(?<=\p{L}[, ]+)\p{Lu}\p{L}+/gu) ?? [];
      for (const name of names) {
        assert(
          text.includes(name) || SMALL.has(name.toLowerCase()),
          `${kind}: ${question} => ${answer}${text}`,
        );
      }
      if (kind.endsWith("unknown") || kind === "no" || /^(sí|no)\b/.test(answer)) continue;
      const nouns = story.cast.filter(isEntity).map(({ noun }) => noun.singular)
        .filter((noun) => words(answer).includes(noun));
      for (const noun of nouns) {
        assert(known.includes(stem(noun)), `${kind}: ${question} => ${answer}${text}`);
      }
    }
  });
});

Deno.test("questions and answers are printed as they should", () => {
  every((story, asked, text) => {
    for (const one of asked) {
      const { turns: [{ instruction, response }] } = questions.exchange(one, Random.of(1, story.text));
      assertEquals(fault(instruction), undefined, instruction + text);
      assertEquals(fault(response), undefined, response + text);
    }
  });
});

/** The state that a story's events lead to, without that of its beginning. */
function replay({ events, draw: { lexicon } }: Story): State {
  const state = new State((word) => lexicon.adjective(word)?.opposite);
  events.forEach(({ action, feeling, args, bindings }, i) => {
    if (feeling) state.set("feels", [args[0], feeling], i);
    for (const { predicate, denied, change, arguments: of } of action?.then ?? []) {
      const values = of.map(({ name, value }) => value ?? bindings[name]);
      if (change) continue;
      if (denied) state.deny(predicate, values, i);
      else state.set(predicate, values, i);
    }
  });
  return state;
}

Deno.test("who has what and who is where is what the told events lead to", () => {
  let checked = 0;
  every((story, asked, text) => {
    const { facts } = replay(story);
    for (const { kind, question, answer } of asked) {
      if (!["where", "where is someone", "holder", "feels"].includes(kind)) continue;
      const predicates = kind.startsWith("where") ? ["at", "in"] : kind === "holder" ? ["has"] : ["feels"];
      const given = words(answer);
      const borneOut = facts.some(({ predicate, args }) => {
        if (!predicates.includes(predicate)) return false;
        const told = args[kind === "holder" ? 0 : 1];
        if (!isEntity(told)) return given.some((word) => stem(word) === stem(String(told)));
        return words(told.name ?? told.noun.singular).every((word) => given.includes(word)) ||
          given.includes(told.noun.singular) || told === story.narrator;
      });
      assert(borneOut, `${kind}: ${question} => ${answer}${text}`);
      checked++;
    }
  });
  assert(checked > 0.4 * STORIES, `only ${checked} were checked`);
});

Deno.test("what is left is what was there, with what came and without what went", () => {
  let checked = 0;
  every((story, asked, text) => {
    for (const { kind, question, answer } of asked) {
      if (kind !== "count") continue;
      const numbers = story.state.facts.flatMap(({ predicate, args }) =>
        predicate === "count" ? [numberWord(args[2] as number, "f"), numberWord(args[2] as number, "m")] : []
      );
      assert(numbers.some((number) => answer.startsWith(`${number} `)), `${question} => ${answer}${text}`);
      checked++;
    }
  });
  assert(checked > STORIES / 50, `only ${checked} were checked`);
});

Deno.test("a deed is denied only if what it leads to was never so, not at the start either", () => {
  let denied = 0;
  for (const [{ events, state }] of drawn) {
    for (const event of events) {
      for (const { predicate, arguments: of, denied: ends } of event.action?.then ?? []) {
        if (ends) continue;
        const values = of.map(({ name, value }) => value ?? event.bindings[name]);
        if (values.every((value) => value !== undefined) && state.was(predicate, values)) {
          assert(mayBeSo({ events: [], state }, event, event.bindings), event.action!.name);
          denied++;
        }
      }
    }
  }
  assert(denied > STORIES, `${denied} effects`);
});

Deno.test("at the end only a feeling is asked for that nothing told since may have changed", () => {
  every((story, asked, text) => {
    for (const { kind, answer } of asked) {
      if (kind !== "feels") continue;
      const told = story.events.findLast(({ feeling }) => feeling && answer.includes(feeling.slice(0, -1)))!;
      const [who] = told.args;
      assert(!story.events.some(({ item, args }) => item > told.item && args.includes(who)), answer + text);
      assert(
        story.passages.every(({ mentioned }, i) => i <= told.item || !mentioned.includes(who)),
        answer + text,
      );
    }
  });
});

Deno.test("what is asked for is asked in many ways, and no question comes twice in a text", () => {
  const kinds = new Map<string, number>();
  every((_, asked) => {
    assertEquals(new Set(asked.map(({ question }) => question)).size, asked.length);
    for (const { kind } of asked) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  });
  const expected =
    "where is someone|holder|owner|feels|why feels|why deed|first|after|yes|no|name|about|age|town|colour";
  for (const kind of expected.split("|")) assert(kinds.has(kind), `nothing is asked about ${kind}`);
  for (const kind of ["hour", "name", "age", "price", "colour"]) assert(kinds.has(`${kind} unknown`), kind);
  assert(kinds.size > 40, `${kinds.size} kinds`);
});

Deno.test("the family asks about short stories, the same for the same seed", async () => {
  const family = await load(files);
  for (let seed = 0; seed < 100; seed++) {
    const exchange = family.ask(Random.of(3, seed));
    assertEquals(exchange, family.ask(Random.of(3, seed)));
    assertEquals(exchange.family, "comprensión");
    assert(exchange.turns[0].instruction.length < 1000);
    assert(exchange.turns.every(({ response }) => /[.!?»]$/.test(response)));
  }
});
