import { assert, assertEquals, assertMatch } from "@std/assert";
import { fault, files } from "../questions/testing.ts";
import { Random } from "../random.ts";
import { KINDS } from "../registry.ts";

const WRITTEN = ["calendars", "conversations", "letters", "news", "portraits"];
const DRAWS = 200;

const kinds = await Promise.all(WRITTEN.map((name) => KINDS[name](files)));
const draws = (kind: typeof kinds[number], count = DRAWS) =>
  Array.from({ length: count }, (_, i) => kind.write(Random.of(1, kind.name, i)));
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

for (const kind of kinds) {
  Deno.test(`each ${kind.name} is printed line by line as Spanish is, and none comes twice`, () => {
    const documents = draws(kind);
    for (const { text } of documents) {
      for (const line of text.split("\n")) {
        assertEquals(fault(line.replace(/^—/, ""), "any"), undefined, text);
        assert(!/[!?]\./.test(line), text);
        assertMatch(line, /^[—¿¡«]*[\p{Lu}\p{N}]/u, text);
      }
    }
    assertEquals(new Set(documents.map(({ text }) => text)).size, DRAWS);
    const known = (document: typeof documents[number]) => {
      const { text, facts, questions } = document;
      return { text, facts, questions, one: document.some?.(1) };
    };
    assertEquals(draws(kind).map(known), documents.map(known));
    assert(documents.every((document) => document.some!(1).length <= 1));
  });

  Deno.test(`what is asked about a ${kind.name} is answered in its words`, () => {
    const documents = draws(kind);
    for (const { text, questions } of documents) {
      for (const { turns: [{ instruction, response }] } of questions) {
        assertEquals(fault(instruction) ?? fault(response), undefined, instruction);
        const missing = words(response).filter((word) => !words(text).includes(word));
        assertEquals(missing, [], `${instruction} ${response}\n${text}`);
      }
    }
    assert(documents.filter(({ questions }) => questions.length > 0).length > 0.8 * DRAWS);
  });

  Deno.test(`hardly two of the kind ${kind.name} begin with the same four words`, () => {
    const beginnings = draws(kind, 1000).map(({ text }) => words(text).slice(0, 4).join(" "));
    assert(new Set(beginnings).size >= 985, `${new Set(beginnings).size} of 1,000 differ`);
  });
}
