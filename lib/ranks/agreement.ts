/** Checks that all ranks have the same files, settings and values, and reports it if they do not. */
import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { beat } from "../pulse.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gatherValues } from "./messages.ts";
import { nameOf, type Ranks } from "./ranks.ts";

/** Values that are hashed at a time. */
const PIECE = 2 ** 24;

/** What must be the same on all ranks, by name: hashes of files, values of settings. */
export type Traits = Readonly<Record<string, string>>;

/** @throws {UserError} on rank 0, if another rank has different traits */
export function requireSame(ranks: Ranks, traits: Traits): void {
  const all = gatherValues(ranks, { host: ranks.host, traits });
  if (ranks.rank > 0) return;
  for (const [rank, { host, traits: others }] of all.entries()) {
    const keys = [...new Set([...Object.keys(traits), ...Object.keys(others)])];
    const key = keys.find((key) => traits[key] !== others[key]);
    if (key === undefined) continue;
    const [here, there] = [traits[key], others[key]].map((value) => value ?? "nothing");
    throw new UserError(
      `${nameOf({ rank, host })} differs from ${nameOf(ranks)}: ${key} is ${there}, not ${here}; ` +
        "give all ranks the same files, the same command and the same kind of machine",
    );
  }
}

/** @throws {UserError} on rank 0, if another rank has different values in one of these tensors */
export async function requireSameValues(
  ranks: Ranks,
  tensors: readonly (readonly [name: string, tensor: Tensor])[],
): Promise<void> {
  if (ranks.size === 1) return;
  const entries = tensors.map(async ([name, { device, buffer }]) => {
    const values = await device.read(buffer), hash = createHash("sha256");
    for (let at = 0; at < values.length; at += PIECE) {
      beat();
      hash.update(values.subarray(at, at + PIECE));
    }
    return [name, hash.digest("hex").slice(0, 16)] as const;
  });
  requireSame(ranks, Object.fromEntries(await Promise.all(entries)));
}
