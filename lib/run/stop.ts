/** Signals that ask a run to stop. */

/** Ctrl-C; `kill`, a service manager or a shutdown; a terminal that is closed. */
const NUMBERS = Deno.build.os === "windows"
  ? { SIGINT: 2 } as const
  : { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof NUMBERS;

/** The first signal asks to stop; the second, of whatever kind, ends the process at once. */
export class StopSignals implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: [StopSignal, () => void][] = [];
  /** What shells give a process that a signal ended, 128 and its number; 0 while none has come. */
  code = 0;

  /** @param handle false leaves signals to end the process, as they do by default */
  constructor(handle: boolean, asked: () => void) {
    if (!handle) return;
    for (const [name, number] of Object.entries(NUMBERS) as [StopSignal, number][]) {
      const listener = () => {
        if (this.code > 0) Deno.exit(128 + number);
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

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}
