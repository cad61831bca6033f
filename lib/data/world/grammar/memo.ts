/** How many results a memoised function keeps before it forgets them all; there is no end of invented words. */
const KEPT = 50_000;

/** Memoises a pure function of one string. */
export function memoised<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= KEPT) known.clear();
    const result = compute(text);
    known.set(text, result);
    return result;
  };
}
