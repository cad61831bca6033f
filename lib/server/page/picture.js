// @ts-check
/// <reference lib="dom" />
// Draws an answer's tokens with their shades as a picture to save or share.

import { make, page } from "./dom.js";
import { isMarker } from "./trace.js";
import { SHADES, shades, visible } from "./tokens.js";

/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./format.js").Trace} Trace */

/** In CSS pixels; the picture has twice as many. */
const WIDTH = 900, MARGIN = 28, LINE = 34, FONT = 17;
/** Longer sequences are cut at their beginning. */
const MOST_TOKENS = 600;

/** The colours of a class as the page shows it. @param {string} className */
function coloursOf(className) {
  const probe = make("span", className);
  document.body.append(probe);
  const { backgroundColor, color } = getComputedStyle(probe);
  probe.remove();
  return { background: backgroundColor, ink: color };
}

/** @param {Answer} answer @param {Trace} trace @returns {HTMLCanvasElement} */
export function drawPicture(answer, trace) {
  const canvas = make("canvas");
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const style = getComputedStyle(document.body);
  const scale = document.body.dataset.tint === "rank" ? 1 : 0;
  const prompt = coloursOf("tok prompt"), marker = coloursOf("tok marker");
  const shaded = Array.from({ length: SHADES + 1 }, (_, i) => coloursOf(`tok ${scale ? "r" : "s"}${i}`));
  const font = `${FONT}px ui-monospace, monospace`;
  context.font = font;
  const first = Math.max(0, trace.tokens.length - MOST_TOKENS);
  let x = MARGIN, y = MARGIN + 30;
  const boxes = trace.tokens.slice(first).map((token, i) => {
    const at = first + i;
    const text = visible(token);
    const width = context.measureText(text).width + 4;
    if (x + width > WIDTH - MARGIN) [x, y] = [MARGIN, y + LINE];
    const info = at >= trace.prompt ? answer.tokens?.[at - trace.prompt] : undefined;
    const colours = info
      ? shaded[Number(/\d/.exec(shades(info).split(" ")[scale])?.[0])]
      : isMarker(token, trace.ids[at])
      ? marker
      : prompt;
    const box = { text, x, y, width, colours };
    if (token.endsWith("\n")) [x, y] = [MARGIN, y + LINE];
    else x += width + 2;
    return box;
  });
  canvas.width = 2 * WIDTH;
  canvas.height = 2 * (y + LINE + MARGIN + 12);
  context.scale(2, 2);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = style.color;
  context.font = `600 ${FONT - 2}px system-ui, sans-serif`;
  context.fillText(`Desde Cero · ${answer.model ?? ""}`, MARGIN, MARGIN);
  context.font = font;
  for (const { text, x, y, width, colours } of boxes) {
    context.fillStyle = colours.background;
    context.fillRect(x, y - LINE / 2 + 4, width, LINE - 8);
    context.fillStyle = colours.ink;
    context.fillText(text, x + 2, y);
  }
  context.fillStyle = prompt.ink;
  context.font = `${FONT - 4}px system-ui, sans-serif`;
  context.fillText(page.texts[`picture_${document.body.dataset.tint}`] ?? "", MARGIN, y + LINE + 10);
  return canvas;
}

/** @param {Answer} answer @param {Trace} trace */
export function savePicture(answer, trace) {
  drawPicture(answer, trace).toBlob((blob) => {
    if (!blob) return;
    const link = make("a");
    link.href = URL.createObjectURL(blob);
    link.download = "desde-cero.png";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
