/** Finds out whether this process is one of several started by `mpiexec`, `srun` or another launcher of MPI. */

/** The variables in which launchers tell each process its rank and the number of ranks. */
const LAUNCHERS = [
  { rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", family: "Open MPI" },
  { rank: "PMI_RANK", size: "PMI_SIZE", family: "MPICH" },
  { rank: "PMIX_RANK", size: "SLURM_STEP_NUM_TASKS", family: null },
] as const;

/** Compatible libraries: Open MPI's, and those that share MPICH's binary interface. */
export type Family = "Open MPI" | "MPICH";

export interface Launched {
  readonly rank: number;
  /** Null where the launcher does not say. */
  readonly size: number | null;
  /** The family that the launcher belongs to; null if it works with both. */
  readonly family: Family | null;
}

/** An environment variable; undefined if it is not set, or this program may not read it. */
export function variable(name: string): string | undefined {
  // The permission is queried first: without it Deno would stop to ask the user.
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** What the launcher says, or null if there is no launcher, or it started a single process. */
export function launched(get = variable): Launched | null {
  for (const { rank, size, family } of LAUNCHERS) {
    const number = get(rank);
    if (number === undefined) continue;
    const many = Number(get(size) ?? NaN);
    if (many === 1) return null; // as in a shell that srun has started
    return { rank: Number(number), size: many || null, family };
  }
  return null;
}
