/** Values that go between ranks as JSON. */
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
