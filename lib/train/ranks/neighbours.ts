/** The ranks that a rank shares its machine with. */

export interface Neighbours {
  /** Ranks on this machine, this one included: they share its memory. */
  readonly onHost: number;
  /** Ranks that may run on the same cores as this one, itself included. */
  readonly onCores: number;
}

/** What each rank tells of its place. */
export interface Place {
  readonly host: string;
  /** The cores that it may run on, such as `0-3`: launchers bind ranks to some. */
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

/** As Linux says it; elsewhere launchers bind no ranks to cores that we could know of. */
function allowedCores(): string {
  try {
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? "";
  } catch {
    return "";
  }
}
