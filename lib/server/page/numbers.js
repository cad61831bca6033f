// @ts-check
/// <reference lib="dom" />
// Numbers as people read them, in the page's language.

const format = (/** @type {Intl.NumberFormatOptions} */ options) =>
  new Intl.NumberFormat(document.documentElement.lang, options);

/** @param {number} n */
export const count = (n) => format({ maximumFractionDigits: 0 }).format(n);
/** With as many digits after the point as it has, at most two. @param {number} n */
export const plain = (n) => format({ maximumFractionDigits: 2 }).format(n);
/** Always so many digits after the point. @param {number} n @param {number} [digits] */
export const decimal = (n, digits = 2) =>
  format({ maximumFractionDigits: digits, minimumFractionDigits: digits, signDisplay: "negative" }).format(n);
/** 1.2 million, for axes. @param {number} n */
export const short = (n) => format({ notation: "compact", maximumSignificantDigits: 3 }).format(n);
/** @param {number} share */
export const percent = (share) => format({ style: "percent", maximumFractionDigits: 1 }).format(share);
/** A figure that may be of any size, in four digits. @param {number | null | undefined} x */
export function figure(x) {
  if (x === null || x === undefined) return "–";
  if (x !== 0 && Math.abs(x) < 1e-3) return x.toExponential(2).replace("e", " e");
  if (Math.abs(x) >= 1e4) return count(x);
  return format({ maximumSignificantDigits: 4, minimumSignificantDigits: Number.isInteger(x) ? 1 : 4 })
    .format(x);
}

/** A figure by its name: shares as per cents. @param {string} name @param {number | null | undefined} x */
export const named = (name, x) =>
  x !== null && x !== undefined && /accuracy|unknown|share/.test(name) ? percent(x) : figure(x);

/** 1 h 02 min. @param {number} seconds */
export function duration(seconds) {
  const s = Math.round(seconds), two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor(s % 3600 / 60))} min`;
  if (s >= 60) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${s} s`;
}
