/** The ranks that a rank shares its machine with. */
import { openLibc } from "./libc.ts";

export interface Neighbours {
  /** Ranks on this machine, this one included: they share its memory. */
  readonly onHost: number;
  /** Ranks that may run on the same cores as this one, itself included. */
  readonly onCores: number;
}

/** What each rank tells of its place. */
export interface Place {
  readonly host: string;
  /** The set of cores that it may run on, as a text: launchers bind ranks to some. */
  readonly cores: string;
}

export function placeOf(host: string): Place {
  return { host, cores: allowedCores() };
}

export function neighboursOf(own: Place, all: readonly Place[]): Neighbours {
  const onHost = all.filter(({ host }) => host === own.host);
  return { onHost: onHost.length, onCores: onHost.filter(({ cores }) => cores === own.cores).length };
}

/** Threads of one rank, if those on the same cores share them evenly. */
export function threadsOf({ onCores }: Neighbours): number {
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / onCores));
}

/** Bytes of a set of cores, one bit each. */
const CORES = 1024 / 8;

/** As Linux says it; elsewhere launchers bind no ranks to cores that we could know of. */
function allowedCores(): string {
  const cores = new Uint8Array(CORES);
  openLibc()?.sched_getaffinity(0, BigInt(CORES), cores);
  return cores.toHex();
}
