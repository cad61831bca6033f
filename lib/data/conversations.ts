/** Training conversations by number: those from files are kept in memory, the world's are drawn when asked for. */
import { UserError } from "../errors.ts";
import { deriveSeed, permutation, uniform } from "../tensor/random.ts";
import { encodeConversation } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { augment, type Augmentation, type Conversation, readConversations } from "./instructions.ts";
import { worldFiles } from "./world/folder.ts";
import type { WorldConversations } from "./world/options.ts";
import { World } from "./world/world.ts";

/** A file of conversations, or how many to draw from the world. */
export type ConversationSource =
  | string
  | {
    readonly path: string;
    /** How often each is learned in an epoch. */
    readonly weight: number;
  }
  | { readonly world: WorldConversations };

/** Conversations by number, from 0. Each is a function of its number. */
export interface Conversations {
  readonly length: number;
  at(index: number): Conversation;
  /** How often a conversation is learned in an epoch; once by default. */
  weight?(index: number): number;
}

/** The files that sources of conversations or of pairs of answers are read from. */
export async function filesOf(
  sources: readonly (string | { readonly path: string } | { readonly world: unknown })[],
): Promise<string[]> {
  const files = await Promise.all(
    sources.map((source) =>
      typeof source === "string" ? [source] : "path" in source ? [source.path] : worldFiles()
    ),
  );
  return [...new Set(files.flat())];
}

/** How long a conversation may be for a model. */
export interface Limit {
  readonly tokenizer: Tokenizer;
  /** Most tokens of a conversation. */
  readonly context: number;
}

export interface Gathered {
  /** All conversations that fit, in the order of the sources. */
  readonly conversations: Conversations;
  /** How many conversations from files are too long; they are left out. */
  readonly long: number;
  /** Estimated share of the world's conversations that are too long; others are drawn in their place. */
  readonly redrawn: number;
}

/** How many conversations `redrawn` is estimated from. */
const LOOKED_AT = 200;
/** Most draws for one conversation: plenty even if only one in a thousand fits. */
const TRIES = 10_000;

/**
 * Gathers the conversations that fit. Longer ones are not cut: the answer may depend on the part that is lost, and the
 * model would learn to guess.
 * @throws {UserError} naming file and line of what cannot be read, or if none fits
 */
export async function gatherConversations(
  sources: readonly ConversationSource[],
  limit: Limit,
): Promise<Gathered> {
  const { tokenizer, context } = limit;
  const fits = ({ turns }: Pick<Conversation, "turns">) =>
    !encodeConversation(tokenizer, turns, context).truncated;
  const parts: Conversations[] = [];
  let long = 0, looked = 0, redrawn = 0, world: World | undefined;
  for (const source of sources) {
    if (typeof source === "string" || "path" in source) {
      const { path, weight } = typeof source === "string" ? { path: source, weight: 1 } : source;
      const all = await readConversations(path), whole = all.filter(fits);
      long += all.length - whole.length;
      parts.push({ length: whole.length, at: (i) => whole[i], weight: () => weight });
    } else {
      world ??= await World.read();
      const drawn = ofWorld(world, source.world);
      parts.push(fitting(drawn, source.world.conversations, { fits, context }));
      const first = Array.from(
        { length: Math.min(LOOKED_AT, source.world.conversations) },
        (_, i) => drawn(i),
      );
      looked += first.length;
      redrawn += first.filter((conversation) => !fits(conversation)).length;
    }
  }
  const conversations = joined(parts);
  if (conversations.length === 0) {
    throw new UserError(
      `finetune-instruct.data: all ${long} conversations are longer than the context of ${context} tokens, ` +
        "the backbone's model.context; give shorter ones, or train a backbone with a longer context",
    );
  }
  return { conversations, long, redrawn: redrawn / Math.max(1, looked) };
}

/** The world's conversations, without end. */
function ofWorld(world: World, { seed, mix }: WorldConversations): (number: number) => Conversation {
  const drawn = world.conversations(seed, mix);
  return (number) => ({
    turns: drawn.at(number).turns,
    where: `world, seed ${seed}: conversation ${number}`,
  });
}

/** The first `length` of an unlimited series; one that is too long is replaced by the next `length` further on. */
function fitting(
  drawn: (number: number) => Conversation,
  length: number,
  { fits, context }: { readonly fits: (conversation: Conversation) => boolean; readonly context: number },
): Conversations {
  return {
    length,
    at(index) {
      for (let tried = 0; tried < TRIES; tried++) {
        const conversation = drawn(index + tried * length);
        if (fits(conversation)) return conversation;
      }
      throw new UserError(
        `finetune-instruct.data: of ${TRIES} conversations of the world none is within the context of ${context} ` +
          "tokens, the backbone's model.context; give another mix, or train a backbone with a longer context",
      );
    },
  };
}

function joined(parts: readonly Conversations[]): Conversations {
  const placed = (index: number): [Conversations, number] => {
    for (const part of parts) {
      if (index < part.length) return [part, index];
      index -= part.length;
    }
    throw new RangeError("there is no conversation of that number");
  };
  return {
    length: parts.reduce((sum, { length }) => sum + length, 0),
    at(index) {
      const [part, i] = placed(index);
      return part.at(i);
    },
    weight(index) {
      const [part, i] = placed(index);
      return part.weight?.(i) ?? 1;
    },
  };
}

/** Most conversations that a share holds out: more only make validation slow. */
export const MOST_HELD_OUT = 2000;

/**
 * Holds out some conversations, drawn by seed, and repeats each of the others as often as its weight says.
 * @param validation how many to hold out: below 1 a share (at most `MOST_HELD_OUT` conversations), else a number
 * @throws {UserError} if there are too few
 */
export function splitConversations(
  all: Conversations,
  validation: number,
  seed: number,
): { train: Conversations; validation: Conversations } {
  const held = validation < 1
    ? Math.min(MOST_HELD_OUT, Math.max(1, Math.round(validation * all.length)))
    : validation;
  if (all.length <= held) {
    const few = `finetune-instruct.data: ${all.length} conversations are too few to train and validate`;
    throw new UserError(
      validation < 1
        ? `${few}; give more`
        : `${few} on ${held}; give more, or lower finetune-instruct.validation`,
    );
  }
  const order = permutation(seed, all.length);
  const part = (numbers: readonly number[]) => ({
    length: numbers.length,
    at: (index: number) => all.at(numbers[index]),
  });
  const learned = order.slice(held).flatMap((number) =>
    Array.from({ length: all.weight?.(number) ?? 1 }, () => number)
  );
  return { train: part(learned), validation: part(order.slice(0, held)) };
}

/**
 * The conversations of these rows with their instructions varied as other people might type them; some get another
 * conversation before them. The seed decides.
 */
export function varyConversations(
  all: Conversations,
  rows: readonly number[],
  rates: Augmentation & { /** Of another conversation before it. */ readonly history: number },
  seed: number,
): Conversation[] {
  return rows.map((i, row) => {
    const own = deriveSeed(seed, row);
    const draw = (purpose: string) => uniform(deriveSeed(own, purpose), 0);
    const conversation = all.at(i);
    const before = draw("history") < rates.history
      ? all.at(Math.floor(draw("before") * all.length)).turns
      : [];
    const turns = [...before, ...conversation.turns].map((turn, n) => ({
      ...turn,
      instruction: augment(turn.instruction, rates, deriveSeed(own, "turn", n)),
    }));
    return { ...conversation, turns };
  });
}
