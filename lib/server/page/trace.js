// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What happened inside the model, under an answer: its tokens with their probabilities, and its attention.

import { make, page, post } from "./dom.js";

/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./format.js").Trace} Trace */

const visible = (/** @type {string} */ token) => token.replaceAll("\n", "⏎\n");
/** @param {number} logprob @returns one of five shades */
const shade = (logprob) => `p${Math.min(4, Math.floor(5 * Math.exp(logprob)))}`;

/** @param {Answer} answer @param {Trace} trace */
export function tracePanel(answer, trace) {
  const panel = make("section", "trace");
  panel.setAttribute("aria-label", page.texts.trace);
  panel.append(make("h3", "", page.texts.them), make("div", "text", answer.content || page.texts.empty));
  if (trace.source === "faq") return panel;
  panel.append(make("h3", "", page.texts.raw));
  const line = make("div", "tokens");
  trace.tokens.forEach((token, i) => {
    const marker = trace.ids[i] < 6;
    const info = i >= trace.prompt ? answer.tokens?.[i - trace.prompt] : undefined;
    const element = make(info ? "button" : "span", "tok", visible(token));
    if (marker) element.classList.add("marker");
    else if (i < trace.prompt) element.classList.add("prompt");
    if (info && element instanceof HTMLButtonElement) {
      element.type = "button";
      element.classList.add(shade(info.logprob));
      const rows = [info, ...info.top_logprobs.filter((other) => other.token !== info.token)];
      const tip = rows.map((other) =>
        `${(100 * Math.exp(other.logprob)).toFixed(1).padStart(5)} %  ${visible(other.token)}`
      )
        .join("\n");
      element.setAttribute("aria-label", `${token}: ${tip.replaceAll("\n", "; ")}`);
      element.onmouseenter = element.onfocus = () => showTip(element, tip);
      element.onmouseleave = element.onblur = hideTip;
    }
    line.append(element);
  });
  const legend = make("div", "legend");
  legend.append(make("span", "", `${page.texts.probability}: ${page.texts.low}`));
  for (let i = 0; i < 5; i++) legend.append(make("i", `p${i}`));
  legend.append(make("span", "", page.texts.high));
  panel.append(line, legend, make("h3", "", page.texts.attention), attentionMap(answer, trace));
  return panel;
}

/** @type {HTMLElement | null} */
let tipElement = null;
/** @param {HTMLElement} at @param {string} text */
function showTip(at, text) {
  hideTip();
  tipElement = make("div", "tip", text);
  document.body.append(tipElement);
  const box = at.getBoundingClientRect(), own = tipElement.getBoundingClientRect();
  const below = box.bottom + 6 + own.height < innerHeight;
  tipElement.style.left = `${Math.max(6, Math.min(box.left, innerWidth - own.width - 6))}px`;
  tipElement.style.top = `${below ? box.bottom + 6 : box.top - own.height - 6}px`;
}
/** Whether a tip was shown, which is gone now. */
export function hideTip() {
  const shown = tipElement !== null;
  tipElement?.remove();
  tipElement = null;
  return shown;
}

/** @param {Answer} answer @param {Trace} trace */
function attentionMap(answer, trace) {
  const box = make("div", "map");
  const row = make("div", "row");
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", page.texts.layer_head);
  const choose = (/** @type {string} */ name) => {
    const label = make("label", "", `${name} `);
    const select = make("select");
    select.append(new Option("1", "0"));
    label.append(select);
    row.append(label);
    return select;
  };
  const layer = choose(page.texts.layer), head = choose(page.texts.head);
  const draw = async () => {
    const response = await post("/api/attention", {
      model: answer.model,
      ids: trace.ids,
      layer: Number(layer.value),
      head: Number(head.value),
    });
    const { layers, heads, size, weights } = await response.json();
    const fill = (/** @type {HTMLSelectElement} */ select, /** @type {number} */ n) => {
      while (select.length < n) select.append(new Option(String(select.length + 1), String(select.length)));
    };
    fill(layer, layers);
    fill(head, heads);
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(size, size);
    const numbers = new Uint16Array(Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)).buffer);
    numbers.forEach((w, i) => {
      // The square root makes small weights visible.
      const dark = Math.sqrt(w / 65535);
      image.data.set([255 - 244 * dark, 255 - 145 * dark, 255 - 176 * dark, 255], 4 * i);
    });
    context.putImageData(image, 0, 0);
    canvas.dataset.drawn = `${layer.value}.${head.value}`;
  };
  layer.onchange = head.onchange = () => draw().catch(() => {});
  canvas.onmousemove = (event) => {
    const size = canvas.width;
    const x = Math.floor(event.offsetX / canvas.clientWidth * size),
      y = Math.floor(event.offsetY / canvas.clientHeight * size);
    if (x > y || y >= size) return hideTip();
    const tokens = trace.tokens.slice(-size);
    showTip(canvas, `${visible(tokens[y])} → ${visible(tokens[x])}`);
  };
  canvas.onmouseleave = hideTip;
  box.append(row, canvas, make("p", "figures", page.texts.attention_help));
  draw().catch((error) => box.append(make("p", "error", String(error.message))));
  return box;
}
