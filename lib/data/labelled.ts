/** Texts with labels: reads and splits them, and makes batches of them. */
import { UserError } from "../errors.ts";
import { hashFile } from "../files.ts";
import type { Tokens } from "../model/decoder.ts";
import { deriveSeed, permutation } from "../tensor/random.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { readRows } from "./rows.ts";
import type { SplitOrigin } from "./split_origin.ts";

export interface Labelled {
  readonly text: string;
  readonly label: string;
  /** `file:line`. */
  readonly where: string;
}

/** @throws {UserError} naming file and line */
export async function readLabelled(
  path: string,
  columns: { text: string; label: string },
): Promise<Labelled[]> {
  return (await readRows(path)).map(({ where, value }) => {
    const field = (column: string) => {
      const found = (value as Record<string, unknown> | null)?.[column];
      if (typeof found === "string" || typeof found === "number") return String(found).trim();
      const there = value && typeof value === "object" ? Object.keys(value).join(", ") : "none";
      throw new UserError(`${where}: there is no column ${JSON.stringify(column)}; there are: ${there}`);
    };
    const text = field(columns.text), label = field(columns.label);
    if (text === "") throw new UserError(`${where}: the text is empty; fill it in, or delete the line`);
    if (label === "") throw new UserError(`${where}: the label is empty; fill it in, or delete the line`);
    return { text, label, where };
  });
}

export interface Splits {
  readonly labels: readonly string[];
  readonly train: readonly Labelled[];
  readonly validation: readonly Labelled[];
  readonly test: readonly Labelled[];
}

/**
 * Splits by seed, so that every label has the same share in each part.
 * @param shares of validation and test, in (0, 1)
 * @param test a separate test set, if there is one
 */
export function stratify(
  examples: readonly Labelled[],
  shares: { validation: number; test: number },
  seed: number,
  test?: readonly Labelled[],
): Splits {
  const labels = [...new Set(examples.map(({ label }) => label))].sort();
  const file = examples[0].where.replace(/:\d+$/, "");
  if (labels.length < 2) {
    throw new UserError(
      `${file}: all ${examples.length} texts have the label ${labels[0]}; it takes two labels to classify`,
    );
  }
  const unseen = test?.find(({ label }) => !labels.includes(label));
  if (unseen) {
    throw new UserError(`${unseen.where}: the label ${unseen.label} does not occur in ${file}`);
  }
  const parts = { train: [] as Labelled[], validation: [] as Labelled[], test: [...test ?? []] };
  for (const label of labels) {
    const own = examples.filter((example) => example.label === label);
    const order = permutation(deriveSeed(seed, "split", label), own.length).map((i) => own[i]);
    const held = Math.max(1, Math.round(shares.validation * own.length));
    const tested = test ? 0 : Math.max(1, Math.round(shares.test * own.length));
    if (own.length <= held + tested) {
      throw new UserError(
        `${file}: the label ${label} has ${own.length} texts, too few to train, validate and test; add some`,
      );
    }
    parts.validation.push(...order.slice(0, held));
    parts.test.push(...order.slice(held, held + tested));
    parts.train.push(...order.slice(held + tested));
  }
  return { labels, ...parts };
}

/** Reads, hashes and splits the data of a task. */
export async function splitTask(
  task: Omit<SplitOrigin, "hashes">,
): Promise<Splits & { origin: SplitOrigin }> {
  const { data, test, text, label, split, seed } = task;
  const own = test === undefined ? undefined : await readLabelled(test, { text, label });
  const splits = stratify(await readLabelled(data, { text, label }), split, seed, own);
  const hashes: Record<string, string> = {};
  for (const path of test === undefined ? [data] : [data, test]) hashes[path] = await hashFile(path);
  return { ...splits, origin: { ...task, hashes } };
}

/**
 * Makes a task's splits again.
 * @throws {UserError} if a file is gone or has changed, as the splits would then differ
 */
export async function repeatSplit({ hashes, ...task }: SplitOrigin): Promise<Splits> {
  for (const [path, hash] of Object.entries(hashes)) {
    const now = await hashFile(path).catch(() => null);
    if (now === hash) continue;
    throw new UserError(
      `${path} ${
        now === null ? "cannot be read" : "has changed"
      } since the classifier was trained on it, so the ` +
        "texts that were held out cannot be told from the others; restore the file, or train the classifier again",
    );
  }
  return await splitTask(task);
}

/** Draws, by seed, as many examples of every label as `others` have (or all, if there are fewer). */
export function drawAlike(
  examples: readonly Labelled[],
  others: readonly Labelled[],
  seed: number,
): Labelled[] {
  return [...new Set(others.map(({ label }) => label))].flatMap((label) => {
    const own = examples.filter((example) => example.label === label);
    const wanted = others.filter((example) => example.label === label).length;
    return permutation(deriveSeed(seed, "sample", label), own.length).slice(0, wanted).map((i) => own[i]);
  });
}

/** `<bos>` and the text, cut to the context from the right. */
export function encodeText(tokenizer: Tokenizer, text: string, context: number): Uint32Array {
  return Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(text, { first: context - 1 }));
}

/** The length of rows is rounded up to a multiple of this: with few shapes, devices can reuse buffers. */
const BUCKET = 16;

/** Sequences as rows of equal length, padded on the right with the token `pad`. */
export function padded(sequences: readonly Uint32Array[], context: number, pad: number): Tokens {
  const longest = Math.max(1, ...sequences.map(({ length }) => length));
  const time = Math.min(context, Math.ceil(longest / BUCKET) * BUCKET);
  const ids = new Uint32Array(sequences.length * time).fill(pad);
  sequences.forEach((sequence, row) => ids.set(sequence, row * time));
  return { ids, batch: sequences.length, time };
}

/**
 * Which of `n` examples the `index`-th batch (from 0) of a run holds. Every epoch goes through all of them
 * once, in its own order; its last batch may be smaller.
 */
export function epochBatch(n: number, batch: number, index: number, seed: number): number[] {
  const perEpoch = Math.ceil(n / batch);
  const order = permutation(deriveSeed(seed, "epoch", Math.floor(index / perEpoch)), n);
  const at = index % perEpoch * batch;
  return order.slice(at, at + batch);
}
