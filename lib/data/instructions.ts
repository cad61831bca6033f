/** Instructions with answers: reads files of them, and varies them in training. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Tokens } from "../model/decoder.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import type { EncodedConversation, Turn } from "../text/prompt.ts";
import type { Batch } from "./batches.ts";
import { padded } from "./labelled.ts";
import { parseRow, readRows } from "./rows.ts";

export interface Conversation {
  readonly turns: readonly Turn[];
  /** `file:line`. */
  readonly where: string;
}

const text = z.string().trim().min(1);
const Alpaca = z.looseObject({ instruction: text, input: z.string().optional(), output: text });
export const Message = z.looseObject({ role: z.enum(["system", "user", "assistant"]), content: text });
const Chat = z.looseObject({ messages: z.array(Message) });

/**
 * Reads conversations in the shape of Alpaca (instruction, input, output) or of chats (messages).
 * @throws {UserError} naming file and line
 */
export async function readConversations(path: string): Promise<Conversation[]> {
  return (await readRows(path)).map((row) => {
    const { where, value } = row;
    if (value && typeof value === "object" && "messages" in value) {
      const { messages } = parseRow(
        Chat,
        row,
        `messages, each with a role (system, user, assistant) and content`,
      );
      return { turns: turnsOf(messages, where), where };
    }
    const expected = `{"instruction": …, "output": …} or {"messages": […]}, none of them empty`;
    const { instruction, input, output } = parseRow(Alpaca, row, expected);
    return {
      turns: [{ instruction: input ? `${instruction}\n${input}` : instruction, response: output }],
      where,
    };
  });
}

/** Messages as pairs of question and answer; a system message goes before the first question. */
export function turnsOf(messages: readonly z.infer<typeof Message>[], where: string): Turn[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const spoken = messages.filter(({ role }) => role !== "system");
  const alternate = spoken.every(({ role }, i) => role === (i % 2 ? "assistant" : "user"));
  if (spoken.length === 0 || spoken.length % 2 || !alternate) {
    throw new UserError(
      `${where}: messages of user and assistant must take turns, and end with the assistant's`,
    );
  }
  return Array.from({ length: spoken.length / 2 }, (_, i) => ({
    instruction: [...i === 0 ? system : [], spoken[2 * i].content].join("\n"),
    response: spoken[2 * i + 1].content,
  }));
}

const texts = z.array(z.union([text, z.array(text).min(1)]));
const expected = {
  contains: texts.optional(),
  excludes: z.array(text).optional(),
  family: z.string().optional(),
};
const Asked = z.looseObject({ instruction: text, response: z.string().optional(), ...expected });
const AskedInTurn = z.looseObject({ messages: z.array(Message).min(1), ...expected });

/** A question to evaluate a model's answers with. */
export interface Question {
  /** Earlier turns, if the question ends a conversation. */
  readonly past?: readonly Turn[] | undefined;
  readonly instruction: string;
  /** The expected answer. */
  readonly response?: string | undefined;
  /** What every right answer contains; of an inner list, at least one text. */
  readonly contains?: readonly (string | readonly string[])[] | undefined;
  /** What no right answer contains. */
  readonly excludes?: readonly string[] | undefined;
  readonly family?: string | undefined;
}

/** A question, and the line of the file that it was read from. */
export interface QuestionLine {
  readonly question: Question;
  readonly line: Readonly<Record<string, unknown>>;
}

/**
 * Reads questions: an `instruction`, or the `messages` of a conversation, whose last message is the expected
 * answer if it is the assistant's.
 * @throws {UserError} naming file and line
 */
export async function readQuestions(path: string): Promise<QuestionLine[]> {
  const rest = `"contains"?: […], "excludes"?: […], "family"?: …}`;
  return (await readRows(path)).map((row) => {
    const { where, value } = row;
    if (!value || typeof value !== "object" || !("messages" in value)) {
      const line = parseRow(
        Asked,
        row,
        `{"instruction": …, "response"?: …, ${rest} or {"messages": […], ${rest}`,
      );
      const { instruction, response, contains, excludes, family } = line;
      return { question: { instruction, response, contains, excludes, family }, line };
    }
    const line = parseRow(
      AskedInTurn,
      row,
      `{"messages": [{"role": system, user or assistant, "content": …}, …], ${rest}`,
    );
    const { messages, contains, excludes, family } = line;
    const answered = messages.at(-1)!.role === "assistant";
    const turns = turnsOf(answered ? messages : [...messages, { role: "assistant", content: "" }], where);
    const { instruction, response } = turns.at(-1)!;
    const given = { contains, excludes, family, ...answered && { response } };
    return { question: { past: turns.slice(0, -1), instruction, ...given }, line };
  });
}

export interface Augmentation {
  /** Probabilities of each change. */
  readonly case: number;
  readonly accents: number;
  readonly punctuation: number;
}

/** Varies an instruction as another person might type it. The seed decides how. */
export function augment(instruction: string, rates: Augmentation, seed: number): string {
  const draw = (purpose: string) => uniform(deriveSeed(seed, purpose), 0);
  let text = instruction;
  if (draw("punctuation") < rates.punctuation) {
    // People more often leave out the opening marks than all of them.
    text = text.replace(draw("which marks") < 0.5 ? /[¿¡]/g : /[¿¡?!.,;:]+$|[¿¡]/g, "");
  }
  if (draw("accents") < rates.accents) text = withoutAccents(text);
  if (draw("case") < rates.case) {
    const which = draw("which case");
    text = which < 0.7 ? text.toLowerCase() : which < 0.85 ? text.toUpperCase() : lowerFirst(text);
  }
  return text;
}

/** Without acute accents and diaereses; ñ is a letter of its own and stays. */
export function withoutAccents(text: string): string {
  return text.normalize("NFD").replace(/(?<![nN])[\u0300-\u036f]/g, "").normalize("NFC");
}

/** The text with its first letter in lower case. */
export const lowerFirst = (text: string) => text.replace(/\p{L}/u, (first) => first.toLowerCase());

/** Conversations as the rows of a batch, padded with the token `pad`; only answers are learned. */
export function conversationBatch(
  conversations: readonly EncodedConversation[],
  context: number,
  pad: number,
): Batch {
  const tokens: Tokens = padded(conversations.map(({ ids }) => ids.subarray(0, -1)), context, pad);
  const targets = new Uint32Array(tokens.ids.length).fill(IGNORED);
  conversations.forEach(({ ids, learned }, row) => {
    for (let t = 1; t < ids.length; t++) if (learned[t]) targets[row * tokens.time + t - 1] = ids[t];
  });
  return { tokens, targets };
}
