/** Sends values between ranks as JSON, and files to rank 0. */
import { Appender, ReadFile } from "../files.ts";
import type { Ranks } from "./ranks.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes));

/** Returns rank 0's `value` on every rank. The others' `value` does not matter. */
export function broadcastValue<T>(ranks: Ranks, value: T): T {
  if (ranks.size === 1) return value;
  const bytes = ranks.rank === 0 ? encode(value) : new Uint8Array();
  const length = lengthOf(bytes);
  ranks.broadcast(length);
  const said = ranks.rank === 0 ? bytes : new Uint8Array(lengthIn(length));
  ranks.broadcast(said);
  return decode(said);
}

/** Returns every rank's value, in the order of ranks. */
export function gatherValues<T>(ranks: Ranks, value: T): T[] {
  if (ranks.size === 1) return [value];
  const bytes = encode(value);
  const lengths = ranks.gather(lengthOf(bytes)).map(lengthIn);
  const padded = new Uint8Array(Math.max(...lengths));
  padded.set(bytes);
  return ranks.gather(padded).map((said, rank) => decode<T>(said.subarray(0, lengths[rank])));
}

/** A length as 8 bytes, little-endian. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, length, true);
  return bytes;
}

const lengthIn = ({ buffer, byteOffset }: Uint8Array) => new DataView(buffer, byteOffset).getFloat64(0, true);

/**
 * Joins the ranks' values on rank 0, in the order of ranks and pair by pair: rank 1 sends its value to 0 and 3 to 2,
 * then 2 sends what it has joined to 0, and so on. For values so large that no memory should hold more than two.
 * @param join adds the value of the later rank to the earlier rank's own
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

/** The largest of the ranks' values. */
export function largest(ranks: Ranks, value: number): number {
  return Math.max(...gatherValues(ranks, value));
}

/** A view of the bytes in which numbers are stored. */
export const bytesIn = (
  { buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> => new Uint8Array(buffer, byteOffset, byteLength);

/** Bytes of a file that are sent at a time. */
const PIECE = 1 << 20;

/** Sends each rank's file to rank 0; rank 0's own stays where it is. Returns the paths there, in the order of ranks. */
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
