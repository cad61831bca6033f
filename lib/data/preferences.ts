/** Preferences: questions with a chosen and a rejected answer, from files and from the world. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { deriveSeed, permutation } from "../tensor/random.ts";
import { type EncodedConversation, encodePrompt, type Turn } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Batch } from "./batches.ts";
import { allSaid } from "./held_out.ts";
import { augment, type Augmentation, conversationBatch, Message, turnsOf } from "./instructions.ts";
import { readRows, type Row } from "./rows.ts";
import type { WorldPreferences } from "./world/options.ts";
import { World } from "./world/world.ts";

export interface Preference {
  /** What was said before the question. */
  readonly past: readonly Turn[];
  readonly instruction: string;
  readonly chosen: string;
  readonly rejected: string;
  /** `file:line`. */
  readonly where: string;
}

/** A file's path, or how many to draw from the world. */
export type PreferenceSource = string | { readonly world: WorldPreferences };

/** @throws {UserError} naming file and line of what cannot be read */
export async function gatherPreferences(sources: readonly PreferenceSource[]): Promise<Preference[]> {
  const all: Preference[] = [];
  for (const source of sources) {
    const found = typeof source === "string" ? await readPreferences(source) : await ofWorld(source.world);
    for (const preference of found) all.push(preference);
  }
  return all;
}

async function ofWorld({ pairs, seed, mix }: WorldPreferences): Promise<Preference[]> {
  const drawn = await (await World.read()).preferences(seed, mix);
  return Array.from(
    { length: pairs },
    (_, i) => ({ ...drawn.at(i), where: `world, seed ${seed}: pair ${i}` }),
  );
}

const text = z.string().trim().min(1);
const messages = z.array(Message).min(1);
const Line = z.looseObject({
  prompt: z.union([text, messages]).optional(),
  messages: messages.optional(),
  instruction: text.optional(),
  input: z.string().optional(),
  chosen: z.union([text, messages]),
  rejected: z.union([text, messages]),
});

/**
 * Reads pairs in the shapes of TRL: `chosen` and `rejected` after a `prompt`, each a text or messages, or whole
 * conversations that begin alike. In place of the prompt there may be `messages`, or an `instruction` with its `input`.
 * @throws {UserError} naming file and line
 */
export async function readPreferences(path: string): Promise<Preference[]> {
  return (await readRows(path)).map(readPreference);
}

function readPreference({ where, value }: Row): Preference {
  const parsed = Line.safeParse(value);
  if (!parsed.success) throw new UserError(`${where}: ${explain(value)}`);
  const line = parsed.data;
  const asked = line.prompt ?? line.messages ??
    (line.input ? `${line.instruction}\n${line.input}` : line.instruction) ?? [];
  const before = typeof asked === "string" ? [{ role: "user" as const, content: asked }] : asked;
  const [chosen, rejected] = [line.chosen, line.rejected].map((answer) => {
    const said = typeof answer === "string" ? [{ role: "assistant" as const, content: answer }] : answer;
    return turnsOf([...before, ...said], where);
  });
  const { instruction, response } = chosen.at(-1)!;
  const other = rejected.at(-1)!;
  const past = chosen.slice(0, -1);
  if (instruction !== other.instruction || JSON.stringify(past) !== JSON.stringify(rejected.slice(0, -1))) {
    throw new UserError(
      `${where}: chosen and rejected answer different questions; they must differ at the end alone`,
    );
  }
  if (response === other.response) {
    throw new UserError(
      `${where}: chosen and rejected are the same answer; give a worse one, or leave the pair out`,
    );
  }
  return { past, instruction, chosen: response, rejected: other.response, where };
}

/** What is missing in a line. */
function explain(value: unknown): string {
  const expected = `{"prompt": …, "chosen": …, "rejected": …}, each a text or messages, none of them empty`;
  const absent = ["chosen", "rejected"].filter((key) => !(key in Object(value)));
  return absent.length === 1
    ? `a pair without a ${absent[0]} answer; expected ${expected}`
    : `expected ${expected}`;
}

/** The question with all that was said before it. */
export const questionOf = ({ past, instruction }: Preference): string => allSaid([...past, { instruction }]);

/**
 * Holds out a share of the questions, drawn by seed, with all of their pairs.
 * @throws {UserError} if there are too few
 */
export function splitPreferences(
  all: readonly Preference[],
  share: number,
  seed: number,
): { train: Preference[]; validation: Preference[] } {
  const questions = [...Map.groupBy(all, questionOf).values()];
  const held = Math.max(1, Math.round(share * questions.length));
  if (questions.length <= held) {
    throw new UserError(
      `finetune-preference.data: pairs for ${questions.length} questions are too few to train and validate; give more`,
    );
  }
  const order = permutation(seed, questions.length).map((i) => questions[i]);
  return { train: order.slice(held).flat(), validation: order.slice(0, held).flat() };
}

/** The pair with its question varied as another person might type it. The seed decides how. */
export function varyPreference(preference: Preference, rates: Augmentation, seed: number): Preference {
  const vary = (instruction: string, turn: number) =>
    augment(instruction, rates, deriveSeed(seed, "turn", turn));
  return {
    ...preference,
    past: preference.past.map((turn, i) => ({ ...turn, instruction: vary(turn.instruction, i) })),
    instruction: vary(preference.instruction, preference.past.length),
  };
}

/** Both answers after the same prompt; only the answers are learned. */
export interface EncodedPreference {
  /** The longer sequence of both. */
  readonly ids: Uint32Array;
  readonly chosen: EncodedConversation;
  readonly rejected: EncodedConversation;
}

/**
 * A pair encoded for the model, or null if a sequence is longer than `limit` tokens. Such pairs are not cut: the
 * question could lose what the answer depends on, and the answers the part in which they differ.
 */
export function encodePreference(
  tokenizer: Tokenizer,
  { past, instruction, chosen, rejected }: Preference,
  limit: number,
): EncodedPreference | null {
  const prompt = encodePrompt(tokenizer, { past, instruction }, Math.max(2, limit));
  if (prompt.truncated) return null;
  const [better, worse] = [chosen, rejected].map((answer) => {
    const ids = Uint32Array.from([...prompt.ids, ...tokenizer.encode(answer), tokenizer.special.eos]);
    return { ids, learned: Array.from(ids, (_, i) => i >= prompt.ids.length), truncated: false };
  });
  const { ids } = better.ids.length > worse.ids.length ? better : worse;
  return ids.length > limit ? null : { ids, chosen: better, rejected: worse };
}

/** Rows alternate between chosen and rejected answers, padded with the token `pad`. */
export function preferenceBatch(
  pairs: readonly EncodedPreference[],
  context: number,
  pad: number,
): Batch {
  return conversationBatch(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]), context, pad);
}
