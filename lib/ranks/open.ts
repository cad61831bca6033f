/** Opens the group of ranks that this process belongs to. */
import { UserError } from "../errors.ts";
import { ALONE } from "./alone.ts";
import { launched, variable } from "./launcher.ts";
import { findLibrary, LIBRARY } from "./library.ts";
import { MpiRanks } from "./mpi.ts";
import type { Ranks } from "./ranks.ts";

/**
 * Joins the other processes that a launcher of MPI started with this one. Without a launcher, this process is alone.
 * @param task for messages: the task that does the same as this program and may call MPI, or null if there is none
 * @throws {UserError} if this program may not call MPI, or the MPI library is missing
 */
export function openRanks(task: string | null): Ranks {
  const by = launched();
  if (!by) return ALONE;
  if (!task || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    throw new UserError(
      `this process is rank ${by.rank} of a launcher of MPI, such as mpiexec; ` +
        (task ? `start deno task ${task} with it, which may call MPI` : "start this task without it"),
    );
  }
  return new MpiRanks(findLibrary(by.family, variable(LIBRARY)), by);
}
