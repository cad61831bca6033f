/** How often every character occurs. */

export interface CharacterCount {
  readonly character: string;
  readonly code: string;
  readonly count: number;
}

export class CharacterCounts {
  /** Counts of UTF-16 code units; surrogate pairs are counted separately, as characters. */
  readonly #units = new Float64Array(65536);
  readonly #pairs = new Map<string, number>();

  /** @param units of UTF-16 */
  add(units: Uint16Array): void {
    for (let i = 0; i < units.length; i++) {
      const code = units[i];
      if (code >= 0xd800 && code < 0xdc00 && i + 1 < units.length) {
        const pair = String.fromCharCode(code, units[i + 1]);
        this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + 1);
        i++;
      } else this.#units[code]++;
    }
  }

  /** The raw counts, to be added to others. */
  get parts(): { units: Float64Array<ArrayBuffer>; pairs: ReadonlyMap<string, number> } {
    return { units: this.#units, pairs: this.#pairs };
  }

  merge({ units, pairs }: CharacterCounts["parts"]): void {
    for (let code = 0; code < units.length; code++) this.#units[code] += units[code];
    for (const [pair, n] of pairs) this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + n);
  }

  /** Most frequent first. */
  table(): CharacterCount[] {
    const counts: [string, number][] = [...this.#pairs];
    for (const [code, n] of this.#units.entries()) if (n > 0) counts.push([String.fromCharCode(code), n]);
    return counts.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([character, count]) => {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      return { character, code: `U+${code}`, count };
    });
  }
}
