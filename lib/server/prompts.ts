/** Turns the messages and texts of a request into the tokens that the model reads. */
import type { Context } from "hono";
import { encodeText } from "../data/labelled.ts";
import { promptLimit } from "../generate/answer.ts";
import { type EncodedPrompt, encodeEnd, encodePrompt, type Question, type Turn } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { ApiError } from "./errors.ts";
import type { LanguageModel } from "./models.ts";

/** The request's `truncate`: false refuses texts that do not fit into the context. */
type Truncate = boolean | null | undefined;

export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool" | "function";
  readonly content: string;
}

/**
 * The turns of a conversation. A system message goes before the first question, as in training. A tool's message is
 * part of the question, and the assistant's message without text that called it is dropped. If the last message is
 * the assistant's, it is the beginning of the answer.
 * @param param the name of the messages in the request
 * @throws {ApiError} if there is no question
 */
export function questionOf(messages: readonly Message[], param: string): Question & { begun: string } {
  const last = messages.at(-1)!;
  const continued = last.role === "assistant";
  if (!continued && last.content.trim() === "") {
    throw new ApiError(400, `${param}: the last message must not be empty`, param, "empty_message");
  }
  const system = messages.filter(({ role }) => role === "system" || role === "developer")
    .map((message) => message.content.trim()).filter((text) => text !== "");
  const past: Turn[] = [];
  let asked: string[] = [...system];
  for (const { role, content } of continued ? messages.slice(0, -1) : messages) {
    if (role === "user" || role === "tool" || role === "function") asked.push(content);
    else if (role === "assistant" && content !== "") {
      past.push({ instruction: asked.join("\n"), response: content });
      asked = [];
    }
  }
  return { past, instruction: asked.join("\n"), begun: continued ? last.content : "" };
}

/**
 * The prompt of a conversation. A model that was not trained to answer continues the last message.
 * @throws {ApiError} if nothing is asked
 */
export function chatPrompt(model: LanguageModel, messages: readonly Message[], param: string): EncodedPrompt {
  const question = questionOf(messages, param);
  if (model.kind === "text") return textPrompt(model, messages.at(-1)!.content, Infinity);
  return encodePrompt(model.tokenizer, question, promptLimit(model.decoder.config.context));
}

/**
 * What a prompt says, as messages: the inverse of `chatPrompt`. A system message is part of the question after it. There
 * is at least one message, which is empty if the prompt says nothing.
 */
export function messagesOf(tokenizer: Tokenizer, ids: Iterable<number>) {
  const { instr, resp } = tokenizer.special;
  const parts: { role: "user" | "assistant"; ids: number[] }[] = [{ role: "user", ids: [] }];
  for (const id of ids) {
    if (id === instr || id === resp) parts.push({ role: id === instr ? "user" : "assistant", ids: [] });
    else parts.at(-1)!.ids.push(id);
  }
  const messages = parts.map(({ role, ids }) => ({ role, content: tokenizer.decode(ids) }));
  const said = messages.filter(({ content }) => content !== "");
  return said.length > 0 ? said : messages.slice(0, 1);
}

/** Whether the answer goes on with a text, so that spaces before its first word are part of it. */
export const isContinuation = (model: LanguageModel, messages: readonly Message[]): boolean =>
  model.kind === "text" || messages.at(-1)!.role === "assistant";

/**
 * The prompt of a text: `<bos>` and as much of the text's end as the context holds, with room for the answer or for a
 * quarter of the context. Token ids are used unchanged.
 * @param newTokens most tokens of the answer
 * @throws {ApiError} if there is no such token
 */
export function textPrompt(
  { tokenizer, decoder }: LanguageModel,
  prompt: string | readonly number[],
  newTokens: number,
): EncodedPrompt {
  const { context, vocab } = decoder.config;
  const limit = Math.max(promptLimit(context), context - newTokens);
  if (typeof prompt === "string") {
    const { ids, truncated } = encodeEnd(tokenizer, prompt, limit - 1);
    return { ids: Uint32Array.of(tokenizer.special.bos, ...ids), truncated };
  }
  checkIds(prompt, vocab, "prompt");
  return { ids: Uint32Array.from(prompt.slice(-limit)), truncated: prompt.length > limit };
}

/** @throws {ApiError} if there is no such token */
export function checkIds(ids: readonly number[], vocab: number, param: string): void {
  const wrong = ids.find((id) => id >= vocab);
  if (wrong === undefined) return;
  const message = `${param}: there is no token ${wrong}; ids are below ${vocab}`;
  throw new ApiError(400, message, param, "unknown_token");
}

/**
 * A text to embed or label: `<bos>` and as much of its beginning as the context holds. Token ids are used unchanged.
 * @throws {ApiError} if there is no such token
 */
export function encodeInput(
  tokenizer: Tokenizer,
  input: string | readonly number[],
  { context, vocab }: { context: number; vocab: number },
): EncodedPrompt {
  if (typeof input !== "string") checkIds(input, vocab, "input");
  const ids = typeof input === "string"
    ? encodeText(tokenizer, input, context + 1)
    : Uint32Array.from(input.slice(0, context + 1));
  return { ids: ids.subarray(0, context), truncated: ids.length > context };
}

/**
 * Sets a header that tells the client that a text was cut.
 * @throws {ApiError} if the request does not allow cutting
 */
export function reportCut(
  c: Context,
  { ids, truncated }: EncodedPrompt,
  truncate: Truncate,
  param: string,
): void {
  if (!truncated) return;
  if (truncate !== false) return c.header("x-desde-cero-truncated", "true");
  const message =
    `${param}: too long: the context has room for ${ids.length} tokens; shorten it, or let it be cut`;
  throw new ApiError(400, message, param, "context_length_exceeded");
}
