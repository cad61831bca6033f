/** The jobs that the studio started. Each has a record and a log, in a folder that outlives the studio. */
import { join } from "@std/path";
import { z } from "zod";
import { exists, writeFileAtomic } from "../files.ts";
import { askToStop, errorIn, isRunning, logTail, startTask } from "./programs.ts";

const Job = z.object({
  pid: z.number().int().positive(),
  /** The words after `deno task`. */
  args: z.array(z.string()).min(1),
  started: z.string(),
  /** Whether it was asked to stop. */
  stopping: z.boolean(),
});
export type Job = Readonly<z.infer<typeof Job>>;

export interface JobState {
  readonly job: Job;
  readonly running: boolean;
  /** The last lines of its output. */
  readonly log: readonly string[];
  /** The error that it printed, once it has ended; null if none. */
  readonly error: string | null;
}

export class Jobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(name: string, ending: "json" | "log"): string {
    return join(this.#folder, `${encodeURIComponent(name)}.${ending}`);
  }

  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.#folder)).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    });
    return entries.map(({ name }) => name).filter((name) => name.endsWith(".json"))
      .map((name) => decodeURIComponent(name.slice(0, -".json".length))).sort();
  }

  /** Starts `deno task` with these arguments; replaces the job that had this name before. */
  async start(name: string, args: readonly string[]): Promise<void> {
    const pid = await startTask(args, this.#path(name, "log"));
    await this.#write(name, { pid, args: [...args], started: new Date().toISOString(), stopping: false });
  }

  #write(name: string, job: Job): Promise<void> {
    return writeFileAtomic(this.#path(name, "json"), JSON.stringify(job, null, 1) + "\n");
  }

  /** What is known of a job; null if there is none of this name, or its record cannot be read. */
  async state(name: string): Promise<JobState | null> {
    const text = await Deno.readTextFile(this.#path(name, "json")).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (text === null) return null;
    const job = parsed(text);
    if (!job) return null;
    // Checked before the log is read: if the task has ended, its log is then complete.
    const running = await isRunning(job.pid, job.args.at(-1)!);
    const log = await logTail(this.#path(name, "log"));
    return { job, running, log, error: running ? null : errorIn(log) };
  }

  /** The name of a running job, or null. */
  async running(): Promise<string | null> {
    for (const name of await this.names()) if ((await this.state(name))?.running) return name;
    return null;
  }

  /** Asks a job to save and end. Returns whether it was running. */
  async stop(name: string): Promise<boolean> {
    const state = await this.state(name);
    if (!state?.running) return false;
    askToStop(state.job.pid);
    await this.#write(name, { ...state.job, stopping: true });
    return true;
  }

  async forget(name: string): Promise<void> {
    for (const ending of ["json", "log"] as const) {
      const path = this.#path(name, ending);
      if (await exists(path)) await Deno.remove(path);
    }
  }
}

function parsed(text: string): Job | null {
  try {
    return Job.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
