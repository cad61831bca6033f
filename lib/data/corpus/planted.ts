/** Measures how well near duplicates are found: plants altered copies among documents and looks for them. */
import { Duplicates, KEPT } from "./duplicates.ts";
import { Fingerprinter } from "./fingerprint.ts";
import { addText, alter, Chain, Dice } from "./testing.ts";

export interface Found {
  /** Share of a copy's characters that were replaced; 0 for documents that are not copies. */
  readonly changed: number;
  readonly documents: number;
  readonly dropped: number;
}

export const CHANGED = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2];

/**
 * Makes documents of one to ten paragraphs (some 300 to 3,000 characters), and an altered copy of each, far
 * behind the original.
 * @param near the similarity from which on documents are dropped
 * @param folder for temporary files, which are not removed
 * @returns the originals first, then the copies, grouped by how much of them was changed
 */
export async function findPlanted(documents: number, near: number, folder: string): Promise<Found[]> {
  const chain = await Chain.ofProse(), dice = new Dice(7);
  const originals = Array.from({ length: documents }, () => chain.document(dice, 1 + dice.below(10)));
  const copies = originals.map((text, i) => alter(text, CHANGED[i % CHANGED.length], dice));
  const options = { exact: true, near };
  const duplicates = new Duplicates(options, folder, 2 * documents),
    fingerprinter = new Fingerprinter(options);
  for (const [i, part] of [originals, copies].entries()) {
    fingerprinter.begin();
    for (const text of part) addText(fingerprinter, text);
    duplicates.add(fingerprinter.end(), i * documents);
  }
  const verdicts = duplicates.find(() => {});
  const dropped = (chosen: number[]) => chosen.filter((i) => verdicts[i] !== KEPT).length;
  const indices = originals.map((_, i) => i);
  return [
    { changed: 0, documents, dropped: dropped(indices) },
    ...CHANGED.map((changed, kind) => {
      const own = indices.filter((i) => i % CHANGED.length === kind).map((i) => documents + i);
      return { changed, documents: own.length, dropped: dropped(own) };
    }),
  ];
}
