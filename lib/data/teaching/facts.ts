/** The facts that someone teaches a model: questions with answers, checked before any work starts. */
import { UserError } from "../../errors.ts";
import { encodeConversation, type Turn } from "../../text/prompt.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { readConversations } from "../instructions.ts";
import { plainWords } from "../plain_words.ts";

export interface Fact extends Turn {
  /** Earlier turns, if the question ends a conversation. */
  readonly past: readonly Turn[];
  /** `file:line`, or the command line. */
  readonly where: string;
}

/** With more facts than this, one should train on a data set instead. */
export const MOST_FACTS = 200;

/** A rewording may be longer than the question itself by up to this many tokens of a small vocabulary. */
const WORDING_ROOM = 24;

/** @throws {UserError} naming file and line */
export async function readFacts(path: string): Promise<Fact[]> {
  return (await readConversations(path)).map(({ turns, where }) => ({
    ...turns[turns.length - 1],
    past: turns.slice(0, -1),
    where,
  }));
}

/** How long facts and prompts may be for a model. */
export interface Room {
  readonly tokenizer: Tokenizer;
  /** Tokens of question and answer together, with what was said before. */
  readonly context: number;
  /** Tokens of a prompt. */
  readonly prompt: number;
}

/**
 * Checks the facts, and drops repeated ones.
 * @throws {UserError} if there are too many, if two contradict each other, or if one is too long for the model or has
 *   characters that the model cannot write
 */
export function checkFacts(facts: readonly Fact[], room: Room): Fact[] {
  const known = new Map<string, Fact>();
  for (const fact of facts) {
    const key = JSON.stringify(
      [...fact.past, fact.instruction].map((said) => typeof said === "string" ? plainWords(said) : said),
    );
    const before = known.get(key);
    if (!before) known.set(key, fact);
    else if (before.response !== fact.response) {
      throw new UserError(
        `${fact.where}: ${before.where} has the same question with another answer; keep one of them`,
      );
    }
    checkLength(fact, room);
  }
  if (known.size > MOST_FACTS) {
    throw new UserError(
      `${known.size} facts are more than the ${MOST_FACTS} that teach takes; use deno task finetune-instruct`,
    );
  }
  return [...known.values()];
}

function checkLength(
  { past, instruction, response, where }: Fact,
  { tokenizer, context, prompt }: Room,
): void {
  const { ids } = encodeConversation(tokenizer, [...past, { instruction, response }], Infinity);
  if (ids.length > context) {
    throw new UserError(
      `${where}: question and answer take ${ids.length} tokens, and the model holds ${context}; shorten them`,
    );
  }
  const answer = tokenizer.encode(response);
  const asked = ids.length - answer.length - 1;
  if (asked + WORDING_ROOM > prompt) {
    throw new UserError(
      `${where}: the question takes ${asked} tokens, and the model reads ${prompt}, of which other wordings need ` +
        `${WORDING_ROOM}; shorten it`,
    );
  }
  const lacks = (text: string) => tokenizer.encode(text).some((id) => id === tokenizer.special.unk);
  if (lacks(response)) {
    const lacking = [...new Set(response)].filter(lacks);
    throw new UserError(
      `${where}: the model cannot write ${
        lacking.join(" ")
      }, which its vocabulary lacks; word the answer without it`,
    );
  }
}
