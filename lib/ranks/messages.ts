/** Values that go between ranks as JSON, and files that go to rank 0. */
import { Appender, ReadFile } from "../files.ts";
import type { Ranks } from "./ranks.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes));

/** What rank 0 says. The others' `value` does not matter. */
export function broadcastValue<T>(ranks: Ranks, value: T): T {
  if (ranks.size === 1) return value;
  const bytes = ranks.rank === 0 ? encode(value) : new Uint8Array();
  const length = lengthOf(bytes);
  ranks.broadcast(length);
  const said = ranks.rank === 0 ? bytes : new Uint8Array(lengthIn(length));
  ranks.broadcast(said);
  return decode(said);
}

/** What each rank says, in the order of ranks. */
export function gatherValues<T>(ranks: Ranks, value: T): T[] {
  if (ranks.size === 1) return [value];
  const bytes = encode(value);
  const lengths = ranks.gather(lengthOf(bytes)).map(lengthIn);
  const padded = new Uint8Array(Math.max(...lengths));
  padded.set(bytes);
  return ranks.gather(padded).map((said, rank) => decode<T>(said.subarray(0, lengths[rank])));
}

/** A length as bytes, the lowest first. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, length, true);
  return bytes;
}

const lengthIn = ({ buffer, byteOffset }: Uint8Array) => new DataView(buffer, byteOffset).getFloat64(0, true);

/**
 * Joins what the ranks have, in their order, on rank 0, which gets what the first two have joined, then that of the next
 * two, and so on: for what is too large to be in one memory more than twice.
 * @param join adds what the second rank has to what the first has
 */
export function reduceValues<T>(ranks: Ranks, own: () => T, join: (other: T) => void): void {
  const { rank, size } = ranks;
  for (let apart = 1; apart < size; apart *= 2) {
    const sends = rank % (2 * apart) === apart;
    const bytes = sends ? encode(own()) : new Uint8Array();
    const parts = Array.from(
      { length: size },
      (_, to) => sends && to === rank - apart ? bytes : new Uint8Array(),
    );
    const coming = ranks.exchange(parts)[rank + apart];
    if (rank % (2 * apart) === 0 && coming) join(decode(coming));
  }
}

/** The largest of what the ranks say. */
export function largest(ranks: Ranks, value: number): number {
  return Math.max(...gatherValues(ranks, value));
}

/** The bytes that numbers are kept in. */
export const bytesIn = (
  { buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> => new Uint8Array(buffer, byteOffset, byteLength);

/** Bytes of a file that are sent at once. */
const PIECE = 1 << 20;

/** Sends a file of each rank to rank 0, which keeps its own where it is. Returns the paths there, in the order of ranks. */
export function collectFiles(ranks: Ranks, path: string): string[] {
  const { rank, size } = ranks;
  const paths = Array.from({ length: size }, (_, i) => i === 0 ? path : `${path}-${i}`);
  if (size === 1) return paths;
  const own = rank === 0 ? 0 : Deno.statSync(path).size, end = largest(ranks, own);
  const files = rank === 0 ? paths.slice(1).map((path) => new Appender(path)) : [];
  using source = new ReadFile(path);
  for (let at = 0; at < end; at += PIECE) {
    const piece = new Uint8Array(Math.max(0, Math.min(PIECE, own - at)));
    source.read(at, piece);
    const coming = ranks.exchange(paths.map((_, to) => to === 0 ? piece : new Uint8Array()));
    files.forEach((file, i) => file.write(coming[i + 1]));
  }
  for (const file of files) file[Symbol.dispose]();
  return paths;
}
