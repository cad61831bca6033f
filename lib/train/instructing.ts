/** What finetuning on conversations gives the training loop: batches, and validation on held-out conversations. */
import { type Conversations, varyConversations } from "../data/conversations.ts";
import type { Batch } from "../data/batches.ts";
import { groupedBatches } from "../data/grouped.ts";
import { type Conversation, conversationBatch } from "../data/instructions.ts";
import type { Decoder } from "../model/decoder.ts";
import { deriveSeed } from "../tensor/random.ts";
import { encodeConversation, type EncodedConversation } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { microIndex } from "./loop_options.ts";
import type { InstructSection } from "./instruct_section.ts";
import type { LoopTask } from "./loop.ts";
import { highestLanguageLoss, languageBatch } from "./step.ts";
import type { Teachers } from "./teachers.ts";
import { evaluateLoss } from "./validation.ts";

export interface InstructText {
  readonly tokenizer: Tokenizer;
  readonly learned: Conversations;
  /** Conversations to validate on. */
  readonly held: readonly Batch[];
  readonly seed: number;
}

/** How conversations become batches. */
export interface Batching {
  readonly tokenizer: Tokenizer;
  /** The most tokens in a conversation. */
  readonly context: number;
  /** Conversations in a batch. */
  readonly batch: number;
}

/** Batches of conversations sorted by length, so that batches have little padding. */
export function heldBatches(
  conversations: Conversations,
  { tokenizer, context, batch }: Batching,
): Batch[] {
  const sorted = Array.from(
    { length: conversations.length },
    (_, i) => encodeConversation(tokenizer, conversations.at(i).turns, context),
  ).toSorted((a, b) => a.ids.length - b.ids.length);
  return Array.from(
    { length: Math.ceil(sorted.length / batch) },
    (_, i) => conversationBatch(sorted.slice(i * batch, (i + 1) * batch), context, tokenizer.special.pad),
  );
}

/** The parts of the loop's task that do not depend on where it runs. */
export function instructTask(
  model: Decoder,
  options: InstructSection,
  { tokenizer, learned, held, seed, teachers }: InstructText & { readonly teachers: Teachers | null },
): Pick<LoopTask, "resumable" | "model" | "tokenizer" | "highestLoss" | "batch" | "evaluate"> {
  const { augment, batch } = options, { context } = model.config;
  const encode = ({ turns }: Conversation) => encodeConversation(tokenizer, turns, context);
  const batches = groupedBatches(
    { n: learned.length, batch, seed: deriveSeed(seed, "batches") },
    (rows, own): EncodedConversation[] => varyConversations(learned, rows, augment, own).map(encode),
  );
  return {
    resumable: true,
    model,
    tokenizer,
    highestLoss: highestLanguageLoss(model, teachers),
    batch(step, micro) {
      const index = microIndex(options, step, micro);
      const drawn = conversationBatch(batches(index), context, tokenizer.special.pad);
      return languageBatch(model, drawn, teachers);
    },
    evaluate: () => evaluateLoss(model, held, tokenizer),
  };
}
