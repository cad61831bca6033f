/** Where conversations to learn come from: files, and the world. */
import { type Conversation, readConversations } from "./instructions.ts";
import { worldFiles } from "./world/folder.ts";
import type { WorldConversations } from "./world/options.ts";
import { World } from "./world/world.ts";

/** A file's path, or how many of the world. */
export type ConversationSource = string | { readonly world: WorldConversations };

/** The files that conversations, or pairs of answers, depend on. */
export async function filesOf(sources: readonly (string | { readonly world: unknown })[]): Promise<string[]> {
  const files = await Promise.all(
    sources.map((source) => typeof source === "string" ? [source] : worldFiles()),
  );
  return [...new Set(files.flat())];
}

/** @throws {UserError} naming file and line of what cannot be read */
export async function gatherConversations(sources: readonly ConversationSource[]): Promise<Conversation[]> {
  const all: Conversation[] = [];
  for (const source of sources) {
    // One by one: there may be more of them than a call takes arguments.
    const found = typeof source === "string" ? await readConversations(source) : await ofWorld(source.world);
    for (const conversation of found) all.push(conversation);
  }
  return all;
}

async function ofWorld({ conversations, seed, mix }: WorldConversations): Promise<Conversation[]> {
  const drawn = (await World.read()).conversations(seed, mix);
  return Array.from(
    { length: conversations },
    (_, i) => ({ turns: drawn.at(i).turns, where: `world, seed ${seed}: conversation ${i}` }),
  );
}
