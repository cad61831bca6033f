/** A curve of any length in bounded memory: when it has too many points, each two of them become one. */

/** Where a line of figures belongs: after so many steps, tokens and seconds. */
export interface Place {
  readonly step: number;
  readonly tokens?: number | undefined;
  readonly seconds?: number | undefined;
}

/** Points by columns of the same length; null where a figure is not known. */
export interface Columns {
  /** The last step of each point. */
  readonly step: number[];
  readonly tokens: (number | null)[];
  readonly seconds: (number | null)[];
  /** Means over the steps of each point, by the names of figures. */
  readonly figures: Record<string, (number | null)[]>;
}

interface Point {
  step: number;
  tokens: number | undefined;
  seconds: number | undefined;
  readonly sums: number[];
  readonly counts: number[];
}

/** The points that a curve has at most; a screen has hardly more columns of pixels. */
export const MOST_POINTS = 1024;
/** Figures that a curve has at most. */
const MOST_FIGURES = 32;

export class Curve {
  /** Lines of a point, but for the last one. A power of two. */
  width = 1;
  readonly #names: string[] = [];
  #points: Point[] = [];
  /** Lines of the last point. */
  #filled = 0;

  get length(): number {
    return this.#points.length;
  }

  /** Adds a line. One that does not come after the last is left out. */
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

  /** Joins each two points. Called when all are full and their number is even, so that all are full afterwards. */
  #halve(): void {
    this.#points = merged(this.#points, 2);
    this.width *= 2;
    this.#filled = this.width;
  }

  /**
   * The curve with so many points at most, from one of them on.
   * @param from the first point, counted among those
   * @returns `each`: how many lines a point has. A point keeps its number for as long as that is the same
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

/** Groups of so many points as one each. */
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
