/** How many results a memoised function keeps before it forgets them all: invented words have no end. */
const KEPT = 50_000;

/** The same pure function of one text, which remembers its results. */
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
