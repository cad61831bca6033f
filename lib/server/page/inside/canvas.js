// @ts-check
/// <reference lib="dom" />
// Draws matrices and vectors in the colours of the page's scheme.

/** A colour of the page's as red, green and blue. @param {HTMLElement} near @param {string} [name] of the variable
 * @returns {number[]} */
export function accent(near, name = "--accent") {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  near.append(probe);
  const found = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  return found.slice(0, 3).map(Number);
}

/** Paints a square matrix: a dot for each value, stronger for larger ones, on whatever is behind.
 * @param {HTMLCanvasElement} canvas @param {number} side @param {(at: number) => number} value in [0, 1]
 * @param {number[]} colour */
export function paint(canvas, side, value, colour) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(side, side);
  for (let at = 0; at < side * side; at++) {
    image.data.set([...colour, Math.round(255 * value(at))], 4 * at);
  }
  context.putImageData(image, 0, 0);
}

/** Paints a vector as a band, one colour for positive values and one for negative ones.
 * @param {HTMLCanvasElement} canvas @param {number[]} values */
export function paintBand(canvas, values) {
  canvas.width = values.length;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  if (!context || values.length === 0) return;
  const near = canvas.parentElement ?? document.body;
  const positive = accent(near), negative = accent(near, "--other");
  const largest = Math.max(...values.map(Math.abs)) || 1;
  const image = context.createImageData(values.length, 1);
  values.forEach((value, i) => {
    const colour = value < 0 ? negative : positive;
    image.data.set([...colour, Math.round(255 * Math.sqrt(Math.abs(value) / largest))], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

/** Draws what was painted in the colours of the scheme again when the scheme changes.
 * @param {() => void} draw @param {AbortSignal} signal */
export function onScheme(draw, signal) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
}
