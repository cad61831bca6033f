/** What the model must not forget: conversations to rehearse, and questions to ask before and after teaching. */
import { deriveSeed } from "../../tensor/random.ts";
import { type Conversation, type Question, readConversations } from "../instructions.ts";
import { NEAR, nearest } from "../nearest.ts";
import { plainWords } from "../plain_words.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { Fact } from "./facts.ts";

/** The instructions that ship with the project; path from its root. */
export const SHIPPED = "data/instruct/train.jsonl";

/** Longer instructions are texts, which mention a fact's words without asking for it. */
const LONGEST = 16; // words
const TRIES = 40;

/** Words that do not show what a question is about. */
const EMPTY = new Set(
  ("a al ante con cual cuales cuando cuanta cuantas cuanto cuantos como de del desde donde el ella ellos en entre era " +
    "eran eres es ese esa esta este estan fue fueron ha hay la las le les lo los me mi mis muy no nos o para pero por " +
    "que quien quienes se sea ser si sin sobre son soy su sus te tiene tienen tu tus un una unas uno unos usted y yo " +
    "dime di digame cuentame hablame explica define algo llama sabes").split(" "),
);

/** Recognises questions that one of the facts answers. */
export class SameMatter {
  readonly #facts: readonly { readonly instruction: string; readonly about: readonly string[] }[];

  constructor(facts: readonly Fact[]) {
    this.#facts = facts.map(({ instruction }) => ({
      instruction,
      about: [...new Set(plainWords(instruction).filter((word) => !EMPTY.has(word)))],
    }));
  }

  /** The number of the fact that answers it, or -1. */
  of(instruction: string): number {
    const words = plainWords(instruction);
    const there = new Set(words);
    return this.#facts.findIndex((fact) =>
      words.length <= LONGEST && fact.about.length > 0 && fact.about.every((word) => there.has(word)) ||
      (nearest(instruction, [fact.instruction])?.similarity ?? 0) > NEAR
    );
  }
}

export interface Rehearsal {
  readonly conversations: readonly Conversation[];
  /** Conversations left out because they answer a fact's question differently. */
  readonly contradicting: readonly Conversation[];
}

/**
 * Conversations from the world and from the shipped instructions, without those that ask for a fact.
 * @param count how many; half of them are from the world
 */
export async function gatherRehearsal(
  world: World,
  facts: readonly Fact[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Rehearsal> {
  const same = new SameMatter(facts);
  const drawn = world.conversations(deriveSeed(seed, "rehearsal"));
  const shipped = Random.of(seed, "shipped").shuffle(await readConversations(SHIPPED));
  const conversations: Conversation[] = [], contradicting: Conversation[] = [];
  const add = (conversation: Conversation): void => {
    const asks = conversation.turns.map(({ instruction }) => same.of(instruction));
    const at = asks.findIndex((fact) => fact >= 0);
    if (at < 0) conversations.push(conversation);
    else if (
      plainWords(conversation.turns[at].response).join(" ") !== plainWords(facts[asks[at]].response).join(" ")
    ) {
      contradicting.push(conversation);
    }
  };
  for (const conversation of shipped) {
    if (conversations.length < count / 2 || same.of(conversation.turns[0].instruction) >= 0) {
      add(conversation);
    }
  }
  for (let i = 0; i < count && conversations.length < count; i++) {
    add({ turns: drawn.at(i).turns, where: `world: conversation ${i}` });
  }
  return { conversations, contradicting };
}

/**
 * Questions of every family of the world, without those that ask for a fact.
 * @param fits whether the whole question fits into the model's context
 */
export function familyQuestions(
  world: World,
  facts: readonly Fact[],
  { each, seed, fits }: {
    readonly each: number;
    readonly seed: number;
    readonly fits: (question: Question) => boolean;
  },
): Question[] {
  const same = new SameMatter(facts);
  return [...world.families].flatMap(([family, { ask }]) => {
    const found = new Map<string, Question>();
    for (let i = 0; i < each * TRIES && found.size < each; i++) {
      const { turns } = ask(Random.of(seed, "asked", family, i));
      const { instruction, response } = turns[turns.length - 1];
      const question = { past: turns.slice(0, -1), instruction, response, family };
      if (turns.every((turn) => same.of(turn.instruction) < 0) && fits(question)) {
        found.set(JSON.stringify(turns), question);
      }
    }
    return [...found.values()];
  });
}
