/**
 * Titles of renamed trainings on the studio's page. Folders, presets and models keep their names, as manifests,
 * adapters and other presets refer to them.
 */
import { z } from "zod";
import { writeFileAtomic } from "../files.ts";

const PATH = "data/studio/titles.json";

const Titles = z.record(z.string(), z.string());

/** Titles by the names of trainings; empty if the file is missing or damaged. */
export async function readTitles(): Promise<ReadonlyMap<string, string>> {
  const text = await Deno.readTextFile(PATH).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "{}";
    throw error;
  });
  try {
    return new Map(Object.entries(Titles.parse(JSON.parse(text))));
  } catch {
    return new Map();
  }
}

/** Sets a training's title; null removes it. */
export async function writeTitle(name: string, title: string | null): Promise<void> {
  const titles = new Map(await readTitles());
  if (title === (titles.get(name) ?? null)) return;
  if (title === null) titles.delete(name);
  else titles.set(name, title);
  await writeFileAtomic(PATH, JSON.stringify(Object.fromEntries(titles), null, 1) + "\n");
}
