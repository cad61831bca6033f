/** Watches all runs below a folder. Each file is read once, no matter how many readers ask. */
import { findRuns } from "./find.ts";
import { WatchedRun } from "./run.ts";

/** Milliseconds between searches of the folder, and between searches for a run that is not known yet. */
const SEARCH_LASTS = 2000, NEW_SEARCH_LASTS = 100;

export class Runs {
  readonly root: string;
  readonly #runs = new Map<string, WatchedRun>();
  #searched = -Infinity;
  #searching: Promise<void> | null = null;

  constructor(root: string) {
    this.root = root.replace(/\/+$/, "");
  }

  /** Searches the folder again if the last search is old enough: 2 s, or 0.1 s with `anew`. */
  refresh(anew = false): Promise<void> {
    const lasts = anew ? NEW_SEARCH_LASTS : SEARCH_LASTS;
    if (performance.now() - this.#searched < lasts) return Promise.resolve();
    return this.#searching ??= this.#search().finally(() => {
      this.#searched = performance.now();
      this.#searching = null;
    });
  }

  async #search(): Promise<void> {
    const found = await findRuns(this.root);
    const ids = new Set(found.map(({ id }) => id));
    for (const id of this.#runs.keys()) if (!ids.has(id)) this.#runs.delete(id);
    for (const run of found) {
      if (!this.#runs.has(run.id)) this.#runs.set(run.id, new WatchedRun(run, this.root));
    }
  }

  /** The existing runs, the most recently changed first. */
  async list(): Promise<readonly WatchedRun[]> {
    await this.refresh();
    const there: WatchedRun[] = [];
    for (const run of this.#runs.values()) if (await run.update()) there.push(run);
    const time = ({ file: { modified } }: WatchedRun) => modified?.getTime() ?? 0;
    return there.sort((a, b) => time(b) - time(a) || a.id.localeCompare(b.id));
  }

  /** A run by its id, or null. The id is looked up in the list; no path is built from it. */
  async get(id: string): Promise<WatchedRun | null> {
    await this.refresh(!this.#runs.has(id));
    const run = this.#runs.get(id);
    return run && await run.update() ? run : null;
  }
}
