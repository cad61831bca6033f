/** Signals that ask a run to stop. */
import { launched } from "../ranks/launcher.ts";

/** Ctrl-C; `kill`, a service manager or a shutdown; a terminal that is closed. */
const NUMBERS = Deno.build.os === "windows"
  ? { SIGINT: 2 } as const
  : { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof NUMBERS;

/**
 * `deno task` passes each signal on to what it runs, which has already received a Ctrl-C from the terminal: it comes
 * twice. This is how long after the first the copy may come on a busy machine, in milliseconds.
 */
const COPY_DELAY = 2000;

/**
 * The first signal asks to stop; the second, of whatever kind, ends the process at once. Under `deno task` one more
 * signal of the first kind, soon after it, is taken for its copy; where a launcher of MPI passes signals on, too, any
 * number of them.
 */
export class StopSignals implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: [StopSignal, () => void][] = [];
  /** What shells give a process that a signal ended, 128 and its number; 0 while none has come. */
  code = 0;
  #first?: { readonly name: StopSignal; readonly at: number };
  #copies = launched() ? Infinity : Deno.env.has("INIT_CWD") ? 1 : 0; // set by deno task

  /** @param handle false leaves signals to end the process, as they do by default */
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
