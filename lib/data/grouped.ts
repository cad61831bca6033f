/** Batches of examples of about equal length, so that little of a batch is padding. */
import { deriveSeed, permutation } from "../tensor/random.ts";

/**
 * Fewest and most batches whose examples are sorted by length together. A larger group leaves less padding (with the
 * world's conversations and batches of 16: 24 % in groups of 8, 6 % in groups of 32), but its batches change less from
 * epoch to epoch; so a group is at most a sixteenth of an epoch, where the epoch is long enough.
 */
const GROUP = { fewest: 8, most: 32 };

/**
 * Goes through all `n` examples once an epoch, in a new order each time. The examples of a group of batches are drawn
 * together, sorted by length and cut into batches; then the order of these batches is drawn.
 * @param make prepares the drawn examples for the model; the seed decides how they are varied
 * @returns gives the `index`-th batch (from 0); one batch in an epoch's last group may be smaller
 */
export function groupedBatches<T extends { readonly ids: Uint32Array }>(
  { n, batch, seed }: { readonly n: number; readonly batch: number; readonly seed: number },
  make: (rows: readonly number[], seed: number) => readonly T[],
): (index: number) => readonly T[] {
  const perEpoch = Math.ceil(n / batch);
  const group = Math.max(GROUP.fewest, Math.min(GROUP.most, Math.floor(perEpoch / 16)));
  let made = { first: -1, batches: [] as (readonly T[])[] };
  let order = { epoch: -1, rows: [] as readonly number[] };
  const makeGroup = (epoch: number, place: number) => {
    if (order.epoch !== epoch) order = { epoch, rows: permutation(deriveSeed(seed, "epoch", epoch), n) };
    const rows = order.rows.slice(place * batch, (place + group) * batch);
    const own = deriveSeed(seed, "group", epoch, place);
    const sorted = make(rows, own).toSorted((a, b) => a.ids.length - b.ids.length);
    const count = Math.ceil(rows.length / batch);
    return permutation(deriveSeed(own, "order"), count).map((i) => sorted.slice(i * batch, (i + 1) * batch));
  };
  return (index) => {
    const epoch = Math.floor(index / perEpoch), at = index % perEpoch;
    const place = at - at % group, first = index - at % group;
    if (made.first !== first) made = { first, batches: makeGroup(epoch, place) };
    return made.batches[at - place];
  };
}
