import { assert, assertEquals } from "@std/assert";
import { Wordings } from "../wordings.ts";
import { load } from "./conversations.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const family = await load(files);
const all = draws(family, 4000).map(({ turns }) => turns);
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

Deno.test("varios-turnos: 2,000 conversations are well formed and differ", () => assertWellFormed(family));

Deno.test("varios-turnos: conversations have two to five turns, and all lengths are met", () => {
  const lengths = new Set(all.map(({ length }) => length));
  assertEquals([...lengths].sort(), [2, 3, 4, 5]);
});

Deno.test("varios-turnos: what is asked of oneself was told before, and the latest word holds", () => {
  const patterns: readonly (readonly [RegExp, RegExp])[] = [
    [/^Te llamas (\p{L}+)\.$/u, /(?:[Mm]e llamo|[Ss]oy|[Nn]ombre es|llamarme|me dicen) (\p{Lu}\p{L}+)/gu],
    [/^Vives en (.+)\.$/, /(?:vivo|casa|queda|Vivo) en ([^.]+)\./g],
    [/^Tu cita es el (\p{L}+)\.$/u, /\b[Ee]l (\p{L}+) a las? /gu],
    [/^La palabra es «(.+)»\.$/, /(?:secreta|clave|contraseña|Recuerda la palabra)[^«.]*«([^»]+)»/g],
    [/^El número es el (\d+)\.$/, /(\d{2,3})/g],
  ];
  const checked = new Map<RegExp, number>();
  for (const turns of all) {
    const { instruction, response } = turns[turns.length - 1];
    for (const [answered, told] of patterns) {
      const found = answered.exec(response)?.[1];
      if (!found || /[Rr]epit|[Oo]tra vez|¿Cómo|Perdón|qué dijiste/.test(instruction)) continue;
      const before = turns.slice(0, -1).map((turn) => turn.instruction).join(" ");
      assertEquals([...before.matchAll(told)].at(-1)?.[1], found, JSON.stringify(turns));
      checked.set(answered, (checked.get(answered) ?? 0) + 1);
    }
  }
  for (const [answered] of patterns) {
    assert(checked.get(answered)! >= 5, `${answered}: ${checked.get(answered)}`);
  }
});

Deno.test("varios-turnos: what was never told is not known", () => {
  let unknown = 0;
  for (const turns of all) {
    for (const [i, { instruction, response }] of turns.entries()) {
      if (!response.includes("no me lo has dicho")) continue;
      unknown++;
      if (!/cómo me llamo|cuál es mi nombre/i.test(instruction)) continue;
      const before = turns.slice(0, i).map((turn) => turn.instruction).join(" ");
      assert(!/[Mm]e llamo|[Mm]i nombre es/.test(before), JSON.stringify(turns));
    }
  }
  assert(unknown > 0.05 * all.length && unknown < 0.3 * all.length, `${unknown} of ${all.length}`);
});

Deno.test("varios-turnos: sums go on with their result", () => {
  let checked = 0;
  for (const turns of all) {
    const first = /(\d+) \+ (\d+)/.exec(turns[0].instruction);
    if (!first) continue;
    let n = Number(first[1]) + Number(first[2]);
    for (const [i, { instruction, response }] of turns.entries()) {
      if (i > 0) {
        n += Number(/\d+/.exec(instruction)![0]) * (/[Rr]est|menos|[Rr]ést|Quít/.test(instruction) ? -1 : 1);
      }
      assertEquals(response, `${n}.`, JSON.stringify(turns));
      checked++;
    }
  }
  assert(checked > 100, `${checked} sums`);
});

Deno.test("varios-turnos: lists grow, shrink and turn as they are told to", () => {
  let checked = 0;
  for (const turns of all) {
    if (
      !/lista(?: es| con|:)/.test(turns[0].instruction) ||
      !/^(?:Haz|Haga|Mi|Anot[ae]|Empiece|Empieza)/.test(turns[0].instruction)
    ) {
      continue;
    }
    const items = (text: string) => text.toLowerCase().replace(/\.$/, "").split(/, | [ye] /);
    let list = items(turns[0].response);
    for (const { instruction, response } of turns.slice(1)) {
      const [, verb, item] = /^(\p{L}+) (?:también |me olvidó |no quiero )?(.+)\.$/u.exec(instruction) ?? [];
      if (/^(?:Agreg(?:a|ue)|Añad[ae]|Falta|Suma|Pon|Se)$/.test(verb)) list = [...list, item];
      else if (/^(?:Quit[ae]|Sa(?:ca|que)|Borr[ae]|Elimina|Ya)$/.test(verb)) {
        list = list.filter((other) => other !== item);
      } else if (!instruction.startsWith("¿")) list = list.toReversed();
      if (!instruction.startsWith("¿")) assertEquals(items(response), list, JSON.stringify(turns));
      checked++;
    }
  }
  assert(checked > 100, `${checked} lists`);
});

Deno.test("varios-turnos: a question that is put again of another is answered from the text", () => {
  let checked = 0;
  for (const turns of all) {
    const again = /^¿Y (\p{Lu}\p{L}+)\?$/u.exec(turns[1].instruction);
    if (!again || turns[1].response.startsWith("No lo sé")) continue;
    assert(turns[0].instruction.includes(again[1]), JSON.stringify(turns));
    const given = new Set(words(turns[0].instruction));
    assert(words(turns[1].response).some((word) => given.has(word)), JSON.stringify(turns));
    checked++;
  }
  assert(checked > 50, `${checked} checked`);
});

Deno.test("varios-turnos: worded in more than 300 ways of its own", async () => {
  assert(ways(await Wordings.read(`${files.folder}/questions/conversations.yaml`)) > 300);
});
