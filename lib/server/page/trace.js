// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The inside of an answer: the whole sequence, token by token, and the most probable tokens at the chosen position.

import { config, make, page } from "./dom.js";
import { iconButton } from "./icons.js";
import { savePicture } from "./picture.js";
import { bars, legend, percent, shades, visible } from "./tokens.js";

/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./format.js").Trace} Trace */

/** Whether a token marks the beginning or end of a text or of a turn. @param {string} token @param {number} id */
export const isMarker = (token, id) => id < 6 && /^<\w+>$/.test(token);

/**
 * Shows the inside of an answer below it, at one of its tokens; hides it if it is shown and no token is chosen.
 * @param {HTMLElement} article @param {Answer} answer @param {Trace} trace @param {number} [chosen]
 */
export function openTrace(article, answer, trace, chosen) {
  const open = article.querySelector(".trace");
  if (chosen === undefined || !open) {
    open?.remove();
    if (!open) {
      const panel = tracePanel(answer, trace);
      article.append(panel);
      panel.scrollIntoView({ block: "nearest" });
    }
    article.querySelector(".look")?.setAttribute("aria-expanded", String(!open));
  }
  const token = chosen === undefined ? null : article.querySelector(`.trace [data-token="${chosen}"]`);
  if (token instanceof HTMLElement) {
    token.click();
    article.querySelector(".trace")?.scrollIntoView({ block: "nearest" });
  }
}

/** @param {Answer} answer @param {Trace} trace */
function tracePanel(answer, trace) {
  const { texts } = page;
  const panel = make("section", "trace");
  panel.setAttribute("aria-label", texts.trace);
  const place = make("div", "place");
  place.setAttribute("aria-live", "polite");
  const line = make("div", "tokens");
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", texts.raw);
  const link = make("a", "inside", texts.look_inside);
  link.hidden = !config.views.includes("/inside");
  link.href = addressInside(answer, trace, 0);
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  const choose = (/** @type {HTMLButtonElement} */ button) => {
    for (const other of buttons) {
      other.tabIndex = other === button ? 0 : -1;
      other.setAttribute("aria-pressed", String(other === button));
    }
    const info = answer.tokens?.[Number(button.dataset.token)];
    if (info) place.replaceChildren(bars(info));
    link.href = addressInside(answer, trace, Number(button.dataset.token));
  };
  trace.tokens.forEach((token, i) => {
    const info = i >= trace.prompt ? answer.tokens?.[i - trace.prompt] : undefined;
    const marker = isMarker(token, trace.ids[i]);
    const element = make(info ? "button" : "span", marker ? "tok marker" : info ? "tok" : "tok prompt");
    const parts = visible(token);
    element.textContent = parts;
    if (token.includes("\n")) element.classList.add("ends");
    if (info && element instanceof HTMLButtonElement) {
      element.type = "button";
      element.className += ` ${shades(info)}`;
      element.dataset.token = String(i - trace.prompt);
      element.setAttribute("aria-label", `${parts}: ${percent(info.logprob)}`);
      element.onclick = () => choose(element);
      buttons.push(element);
    }
    line.append(element);
  });
  line.onkeydown = /** @param {KeyboardEvent} event */ (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = buttons[at + step];
    if (step === 0 || at < 0 || !next) return;
    event.preventDefault();
    choose(next);
    next.focus();
  };
  const head = make("div", "head");
  head.append(
    make("h3", "", texts.raw),
    iconButton("picture", texts.save_picture, () => savePicture(answer, trace)),
  );
  panel.append(
    head,
    make("p", "figures", texts.raw_help),
    line,
    legend(),
    place,
    link,
  );
  // Begin at the position where the model was least sure.
  const least = Math.min(...answer.tokens?.map(({ logprob }) => logprob) ?? []);
  const first = buttons[answer.tokens?.findIndex(({ logprob }) => logprob === least) ?? 0];
  if (first) choose(first);
  return panel;
}

/** Where one sees what happens inside the model for this very sequence, at the place where a token of the answer was chosen.
 * @param {Answer} answer @param {Trace} trace @param {number} token */
const addressInside = ({ model }, { ids, prompt }, token) =>
  `/inside#${new URLSearchParams({
    model: model ?? "",
    ids: ids.join(","),
    prompt: String(prompt),
    at: String(prompt + token - 1),
  })}`;
