/** Data that ships, as tests find it. */
import { fromFileUrl, join } from "@std/path";

/** The files of conversations that were written one by one, in the order of their names. */
export async function writtenByHand(): Promise<string[]> {
  const folder = fromFileUrl(new URL("../../data/instruct", import.meta.url));
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const number = (name: string) => Number(/-(\d+)\./.exec(name)?.[1] ?? 1);
  return names.filter((name) => /^written(?:-\d+)?\.jsonl$/.test(name))
    .sort((a, b) => number(a) - number(b)).map((name) => join(folder, name));
}
