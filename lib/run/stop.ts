/** Signals that ask a run to stop. */
import { launched } from "../ranks/launcher.ts";

/** Ctrl-C; `kill`, a service manager or a shutdown; a closed terminal. */
const NUMBERS = Deno.build.os === "windows"
  ? { SIGINT: 2 } as const
  : { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof NUMBERS;

/**
 * After a Ctrl-C, a program receives SIGINT twice: from the terminal, and again from `deno task`, which passes on every
 * signal. This is how long after the first the copy may arrive on a busy machine, in milliseconds.
 */
const COPY_DELAY = 2000;

/**
 * The first signal asks to stop; a second one, of any kind, ends the process at once. Under `deno task`, one more
 * signal of the first kind soon after it counts as its copy. Launchers of MPI pass signals on as well, so under one of
 * them any number of them do.
 */
export class StopSignals implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: [StopSignal, () => void][] = [];
  /** The exit code that shells report for a process ended by the signal: 128 plus its number; 0 before any signal. */
  code = 0;
  #first?: { readonly name: StopSignal; readonly at: number };
  #copies = launched() ? Infinity : Deno.env.has("INIT_CWD") ? 1 : 0; // set by deno task

  /** @param handle if false, signals end the process, as they do by default */
  constructor(handle: boolean, asked: () => void) {
    if (!handle) return;
    for (const [name, number] of Object.entries(NUMBERS) as [StopSignal, number][]) {
      const listener = () => {
        if (this.#first) {
          if (!this.#isCopy(name)) Deno.exit(128 + number);
          this.#copies--;
          return;
        }
        this.#first = { name, at: performance.now() };
        this.code = 128 + number;
        this.#controller.abort();
        asked();
      };
      Deno.addSignalListener(name, listener);
      this.#listeners.push([name, listener]);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #isCopy(name: StopSignal): boolean {
    const { name: first, at } = this.#first!;
    return this.#copies > 0 && name === first && performance.now() - at < COPY_DELAY;
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}
