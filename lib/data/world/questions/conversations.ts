/** varios-turnos: questions about what was said before, and questions that need the previous one to be understood. */
import type { Turn } from "../../../text/prompt.ts";
import { inOneAddress } from "../address.ts";
import type { Entity } from "../entity.ts";
import type { Family, WorldFiles } from "../document.ts";
import type { Random } from "../random.ts";
import { capitalised } from "../grammar/capitals.ts";
import { fragment } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { answer, Asking } from "./asking.ts";
import { Cast, Pools } from "./cast.ts";
import { alike, lists, ofText, sums } from "./conversations_followed.ts";
import { load as loadFacts } from "./facts.ts";
import { load as loadGreetings } from "./greetings.ts";
import { load as loadKnowledge } from "./knowledge.ts";
import { readTopics } from "./topics.ts";

const ASKS = ", preguntas";

/** What conversations are worded with. */
export interface Speech {
  readonly pools: Pools;
  readonly asking: Asking;
  /** data/world/questions/conversations.yaml */
  readonly wordings: Wordings;
}

export type Talk = (random: Random) => Turn[];

export async function load(files: WorldFiles): Promise<Family> {
  const speech: Speech = {
    pools: new Pools(files.lexicon),
    asking: await Asking.load(files),
    wordings: await Wordings.read(`${files.folder}/questions/conversations.yaml`),
  };
  const between = [...await loadFacts(files), await loadKnowledge(files), ...await loadGreetings(files)];
  const filler = (random: Random): Turn => random.pick(between).ask(random).turns[0];
  const talks: readonly (readonly [Talk, number])[] = [
    [told(speech, filler), 10],
    [whole(speech), 6],
    [ofText(speech, await readTopics(files)), 4],
    [alike(speech), 4],
    [sums(speech), 2],
    [lists(speech), 2],
    [repeated(speech, filler), 1],
  ];
  return {
    name: "varios-turnos",
    ask: (random) => ({ family: "varios-turnos", turns: inOneAddress(() => random.weighted(talks)(random)) }),
  };
}

/** Someone tells something about themselves and asks for it later. */
function told({ pools, asking, wordings }: Speech, filler: (random: Random) => Turn): Talk {
  const kinds = wordings.names.filter((name) => name.endsWith(ASKS)).map((name) =>
    name.slice(0, -ASKS.length)
  );
  const courtesy = (name: string, random: Random): Turn => ({
    instruction: wordings.say(name, { bindings: {} }, random),
    response: wordings.say(`${name}, respuesta`, { bindings: {} }, random),
  });
  return (random) => {
    const cast = Cast.of(pools, random);
    const [first, second, unsaid] = random.sample(kinds, 3);
    const bound = (name: string) => {
      const names = ["", ", acuse", ASKS].flatMap((part) =>
        wordings.of(name + part).flatMap((t) => [...t.names])
      );
      return { name, bindings: cast.another("a").bind(new Set(names)) };
    };
    type Fact = ReturnType<typeof bound>;
    const said = ({ name, bindings }: Fact) => wordings.say(name, { bindings }, random);
    const receipt = ({ name, bindings }: Fact) => wordings.say(`${name}, acuse`, { bindings }, random);
    const asked = ({ name, bindings }: Fact, known: boolean): Turn => {
      const [q, phrase] = wordings.part(name + ASKS, { bindings }, random).split(" => ");
      const response = known ? answer(phrase) : wordings.say("no dicho", { bindings }, random);
      return { instruction: asking.which(q, random), response };
    };
    const turns: Turn[] = [];
    if (random.chance(0.15)) turns.push(courtesy("saludo", random));
    let facts = [bound(first), ...random.chance(0.5) ? [bound(second)] : []];
    if (facts.length === 2 && random.chance(0.3)) {
      const instruction = facts.map(said).join(" ");
      turns.push({ instruction, response: wordings.say("acuse de dos", { bindings: {} }, random) });
    } else {
      for (const fact of facts) turns.push({ instruction: said(fact), response: receipt(fact) });
    }
    if (turns.length < 3 && random.chance(0.2)) {
      const mended = bound(first);
      if (first === "nombre") mended.bindings.a = sameGender(cast);
      const dicho = said(mended);
      turns.push({
        instruction: wordings.say("corrección", { bindings: { dicho } }, random),
        response: receipt(mended),
      });
      facts = [mended, ...facts.slice(1)];
    } else if (turns.length < 4 && random.chance(0.4)) turns.push(filler(random));
    turns.push(random.chance(0.2) ? asked(bound(unsaid), false) : asked(random.pick(facts), true));
    if (turns.length < 5 && facts.length === 2 && random.chance(0.4)) {
      const last = turns[turns.length - 1];
      const another = asked(random.pick(facts), true);
      if (another.response !== last.response) turns.push(another);
    }
    if (turns.length < 5 && random.chance(0.1)) turns.push(courtesy("gracias", random));
    return turns;
  };
}

/** Another person of the speaker's gender, so that agreement stays right. */
function sameGender(cast: Cast): Entity {
  const { gender } = (cast.value("a") as Entity).noun;
  return cast.casting.person({ gender });
}

/** Whole conversations from the file. */
function whole({ pools, wordings }: Speech): Talk {
  const dialogues = wordings.of("diálogos");
  return (random) => {
    const dialogue = random.pick(dialogues);
    const bindings = Cast.of(pools, random).for(dialogue);
    return fragment(dialogue, { bindings }, random).split("\n").map((line) => {
      const [instruction, response] = line.split(" => ");
      return { instruction: capitalised(instruction), response: answer(response) };
    });
  };
}

/** The previous question or answer is asked for again. */
function repeated({ wordings }: Speech, filler: (random: Random) => Turn): Talk {
  return (random) => {
    const first = filler(random);
    if (random.chance(0.6)) {
      return [first, {
        instruction: wordings.say("repetir", { bindings: {} }, random),
        response: first.response,
      }];
    }
    const bindings = { dicho: first.instruction };
    return [first, {
      instruction: wordings.say("qué pregunté", { bindings }, random),
      response: wordings.say("preguntaste", { bindings }, random),
    }];
  };
}
