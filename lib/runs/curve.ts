/** A curve of any length in bounded memory: when it has too many points, every two neighbours are merged. */

/** The position of a line of figures: after how many steps, tokens and seconds. */
export interface Place {
  readonly step: number;
  readonly tokens?: number | undefined;
  readonly seconds?: number | undefined;
}

/** Points as columns of equal length; null for a figure that is not known. */
export interface Columns {
  /** The last step of each point. */
  readonly step: number[];
  readonly tokens: (number | null)[];
  readonly seconds: (number | null)[];
  /** The mean of each figure over the steps of each point, by name. */
  readonly figures: Record<string, (number | null)[]>;
}

interface Point {
  step: number;
  tokens: number | undefined;
  seconds: number | undefined;
  readonly sums: number[];
  readonly counts: number[];
}

/** The most points in a curve; a screen hardly has more columns of pixels. */
export const MOST_POINTS = 1024;
/** The most figures in a curve. */
const MOST_FIGURES = 32;

export class Curve {
  /** Lines per point, except for the last point. A power of two. */
  width = 1;
  readonly #names: string[] = [];
  #points: Point[] = [];
  /** Lines in the last point. */
  #filled = 0;

  get length(): number {
    return this.#points.length;
  }

  /** Adds a line. A line whose step is not above the last one's is ignored. */
  add(place: Place, figures: Readonly<Record<string, unknown>>): void {
    const last = this.#points.at(-1);
    if (last && place.step <= last.step) return;
    if (this.#points.length === MOST_POINTS && this.#filled === this.width) this.#halve();
    let point = this.#points.at(-1);
    if (!point || this.#filled === this.width) {
      point = { step: 0, tokens: undefined, seconds: undefined, sums: [], counts: [] };
      this.#points.push(point);
      this.#filled = 0;
    }
    this.#filled++;
    point.step = place.step;
    point.tokens = place.tokens;
    point.seconds = place.seconds;
    for (const name in figures) {
      const value = figures[name];
      if (typeof value !== "number" || !Number.isFinite(value)) continue;
      let i = this.#names.indexOf(name);
      if (i < 0 && this.#names.length < MOST_FIGURES) i = this.#names.push(name) - 1;
      if (i < 0) continue;
      point.sums[i] = (point.sums[i] ?? 0) + value;
      point.counts[i] = (point.counts[i] ?? 0) + 1;
    }
  }

  /** Merges neighbouring points. All points must be full and their number even; afterwards all are full again. */
  #halve(): void {
    this.#points = merged(this.#points, 2);
    this.width *= 2;
    this.#filled = this.width;
  }

  /**
   * The curve with at most the given number of points, starting from one of them.
   * @param from index of the first point to return, after merging
   * @returns `each`: how many lines a point has. While that stays the same, a point keeps its index
   */
  columns(most = MOST_POINTS, from = 0): { readonly each: number; readonly columns: Columns } {
    let group = 1;
    while (Math.ceil(this.#points.length / group) > most) group *= 2;
    const points = merged(this.#points.slice(from * group), group);
    const figures = this.#names.map((name, i) => {
      const values = points.map(({ sums, counts }) => counts[i] ? rounded(sums[i] / counts[i]) : null);
      return [name, values] as const;
    });
    return {
      each: group * this.width,
      columns: {
        step: points.map(({ step }) => step),
        tokens: points.map(({ tokens }) => tokens ?? null),
        seconds: points.map(({ seconds }) => seconds ?? null),
        figures: Object.fromEntries(figures),
      },
    };
  }
}

/** Merges every `size` neighbouring points into one. */
function merged(points: readonly Point[], size: number): Point[] {
  if (size === 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    const figures = Math.max(...group.map(({ sums }) => sums.length));
    const total = (of: (point: Point) => number[]) =>
      Array.from({ length: figures }, (_, k) => group.reduce((sum, point) => sum + (of(point)[k] ?? 0), 0));
    const { step, tokens, seconds } = group.at(-1)!;
    return {
      step,
      tokens,
      seconds,
      sums: total((point) => point.sums),
      counts: total((point) => point.counts),
    };
  });
}

const rounded = (x: number) => Number(x.toPrecision(6));
