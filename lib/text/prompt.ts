/**
 * The format of conversations: `<instr>question<resp>answer<eos>`, once per turn. The markers are tokens
 * that no text can spell, so what a person types is never one of them.
 */
import type { Cut } from "./compose.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface Turn {
  readonly instruction: string;
  readonly response: string;
}

/**
 * A turn's tokens: `<instr>`, the instruction, `<resp>`, and the response with its `<eos>`.
 * @param cut how much of each of both texts is wanted; all by default
 */
function encodeTurn(tokenizer: Tokenizer, { instruction, response }: Turn, cut?: Cut) {
  return {
    instruction: [tokenizer.special.instr, ...tokenizer.encode(instruction, cut), tokenizer.special.resp],
    response: [...tokenizer.encode(response, cut), tokenizer.special.eos],
  };
}

/** Cuts an instruction's text from the left until `room` tokens hold it; the markers around it stay. */
function cutInstruction(ids: readonly number[], room: number): number[] {
  if (ids.length <= room) return [...ids];
  const kept = Math.max(0, room - 2);
  return [ids[0], ...ids.slice(ids.length - 1 - kept)];
}

/** What is to be answered. */
export interface Question {
  readonly past: readonly Turn[];
  readonly instruction: string;
  /** How the answer begins, if that is given; the model continues it. */
  readonly begun?: string;
}

export interface EncodedPrompt {
  readonly ids: Uint32Array;
  /** Whether something was left out to keep to the limit. */
  readonly truncated: boolean;
}

/** The last tokens of a text, as many as `room` holds. */
export function encodeEnd(tokenizer: Tokenizer, text: string, room: number): EncodedPrompt {
  const ids = tokenizer.encode(text, { last: room + 1 });
  return { ids: ids.subarray(Math.max(0, ids.length - room)), truncated: ids.length > room };
}

/**
 * What a model continues with its answer. Of a conversation too long, the oldest turns are left out; of an
 * instruction too long, its start, and then the start of the answer that was begun.
 * @param limit most tokens of the prompt, at least 2
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  { past, instruction, begun = "" }: Question,
  limit: number,
): EncodedPrompt {
  const answer = encodeEnd(tokenizer, begun, limit - 2);
  const asked = encodeEnd(tokenizer, instruction, limit - 2 - answer.ids.length);
  const ids = [tokenizer.special.instr, ...asked.ids, tokenizer.special.resp, ...answer.ids];
  let truncated = answer.truncated || asked.truncated;
  for (const turn of past.toReversed()) {
    // A text that has this many tokens does not fit, however long it is.
    const encoded = encodeTurn(tokenizer, turn, { first: limit });
    const before = [...encoded.instruction, ...encoded.response];
    truncated ||= before.length + ids.length > limit;
    if (truncated) break;
    ids.unshift(...before);
  }
  return { ids: Uint32Array.from(ids), truncated };
}

export interface EncodedConversation {
  readonly ids: Uint32Array;
  /** Whether each token is part of an answer, or its `<eos>`. */
  readonly learned: readonly boolean[];
  /** Whether something was left out to keep to the limit. */
  readonly truncated: boolean;
}

/**
 * A conversation to learn from. One too long loses its oldest turns, then the start of its instruction,
 * and only then the end of its answer.
 */
export function encodeConversation(
  tokenizer: Tokenizer,
  turns: readonly Turn[],
  limit: number,
): EncodedConversation {
  const encoded = turns.map((turn) => encodeTurn(tokenizer, turn));
  const length = (list: typeof encoded) =>
    list.reduce((n, turn) => n + turn.instruction.length + turn.response.length, 0);
  let first = 0;
  while (first < encoded.length - 1 && length(encoded.slice(first)) > limit) first++;
  const kept = encoded.slice(first);
  const [{ instruction, response }] = kept;
  const others = length(kept.slice(1));
  const answer = response.slice(0, Math.max(0, limit - others - 2));
  const question = cutInstruction(instruction, limit - others - answer.length);
  const parts = [{ instruction: question, response: answer }, ...kept.slice(1)];
  return {
    ids: Uint32Array.from(parts.flatMap((turn) => [...turn.instruction, ...turn.response])),
    learned: parts.flatMap((turn) => [
      ...turn.instruction.map(() => false),
      ...turn.response.map(() => true),
    ]),
    truncated: length(encoded) > limit,
  };
}
