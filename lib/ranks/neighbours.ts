/** The ranks on the same machine as this one. */
import { openLibc } from "./libc.ts";

export interface Neighbours {
  /** Ranks on this machine, this one included: they share its memory. */
  readonly onHost: number;
  /** Ranks that may run on the same cores as this one, itself included. */
  readonly onCores: number;
}

/** Where a rank runs, as it tells the others. */
export interface Place {
  readonly host: string;
  /** The set of cores that it may run on, as text: launchers bind ranks to some of them. */
  readonly cores: string;
}

export function placeOf(host: string): Place {
  return { host, cores: allowedCores() };
}

export function neighboursOf(own: Place, all: readonly Place[]): Neighbours {
  const onHost = all.filter(({ host }) => host === own.host);
  return { onHost: onHost.length, onCores: onHost.filter(({ cores }) => cores === own.cores).length };
}

/** Threads for one rank, if all ranks on the same cores share them evenly. */
export function threadsOf({ onCores }: Neighbours): number {
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / onCores));
}

/** Size of a set of cores in bytes, one bit per core. */
const CORES = 1024 / 8;

/** The cores as Linux reports them. Elsewhere we cannot know of any binding of ranks to cores. */
function allowedCores(): string {
  const cores = new Uint8Array(CORES);
  openLibc()?.sched_getaffinity(0, BigInt(CORES), cores);
  return cores.toHex();
}
