/**
 * The conversation format: `<instr>question<resp>answer<eos>` for each turn. The markers are tokens that no text can
 * spell, so what a person types never becomes one of them.
 */
import type { Cut } from "./compose.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface Turn {
  readonly instruction: string;
  readonly response: string;
}

/**
 * A turn's tokens: `<instr>`, the instruction, `<resp>`, and the response with its `<eos>`.
 * @param cut the part of instruction and response that is wanted; all by default
 */
function encodeTurn(tokenizer: Tokenizer, { instruction, response }: Turn, cut?: Cut) {
  return {
    instruction: [tokenizer.special.instr, ...tokenizer.encode(instruction, cut), tokenizer.special.resp],
    response: [...tokenizer.encode(response, cut), tokenizer.special.eos],
  };
}

/** Cuts an instruction's text from the left to fit into `room` tokens; its markers are kept. */
function cutInstruction(ids: readonly number[], room: number): number[] {
  if (ids.length <= room) return [...ids];
  const kept = Math.max(0, room - 2);
  return [ids[0], ...ids.slice(ids.length - 1 - kept)];
}

/** A question to answer, with the conversation before it. */
export interface Question {
  readonly past: readonly Turn[];
  readonly instruction: string;
  /** A given start of the answer, which the model continues. */
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
 * The prompt that a model continues with its answer. To fit the limit, the oldest turns are left out first, then the
 * start of the instruction, then the start of the given part of the answer.
 * @param limit the most tokens of the prompt, at least 2
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
    // More tokens than the limit are not needed: such a text does not fit anyway.
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
 * A conversation to learn from. To fit the limit, the oldest turns are left out first, then the start of the first
 * remaining instruction, and only then the end of its answer.
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
