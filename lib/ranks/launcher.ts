/** Whether this process was started as one of several, by `mpiexec`, `srun` or another launcher of MPI. */

/** What launchers set for each process: its number, and how many there are. */
const LAUNCHERS = [
  { rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", family: "Open MPI" },
  { rank: "PMI_RANK", size: "PMI_SIZE", family: "MPICH" },
  { rank: "PMIX_RANK", size: "SLURM_STEP_NUM_TASKS", family: null },
] as const;

/** Libraries that understand each other: those of Open MPI, and those that share MPICH's binary interface. */
export type Family = "Open MPI" | "MPICH";

export interface Launched {
  readonly rank: number;
  /** Null where the launcher does not say. */
  readonly size: number | null;
  /** Whose launcher it was; null if it works with both. */
  readonly family: Family | null;
}

/** A variable of the environment; undefined also where this program may not read it. */
export function variable(name: string): string | undefined {
  // Asked for first, as without the permission Deno would stop to ask the user.
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** What the launcher said, or null if there was none, or it started one process alone. */
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
