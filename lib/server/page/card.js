// @ts-check
/// <reference lib="dom" />
// The card of the chosen model, in the sidebar: its size, what it learned from, and how well.

import { config, fill, get, kindOf, make, page, request } from "./dom.js";
import { failure, toldOf } from "./failure.js";
import { language } from "./frame.js";
import { decimal } from "./numbers.js";
import { modelChanges, modelChosen } from "./settings.js";

/**
 * @typedef {{ stage: string, folder: string, made: string | null, steps: number | null, data: string[], validation: Record<string, number> | null }} Step
 * @typedef {{ parameters: number, architecture: { layers: number, heads: number, width: number, context: number, vocab: number } | null, quantised: string | null, taught: number, lineage: Step[], skills: { name: string, right: number, questions: number }[], accuracy: number | null, run: string | null }} Card
 */

/** @type {Map<string, Promise<Card | null>>} */
const known = new Map();

/** @param {string} model @returns {Promise<Card | null>} null without the server's key @throws {RequestError} */
export function cardOf(model) {
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement && key.value === "") return Promise.resolve(null);
  const there = known.get(model);
  if (there) return there;
  const asked = request(`/api/card?${new URLSearchParams({ model })}`).then((answer) => answer.json()).catch(
    (error) => {
      known.delete(model);
      throw error;
    },
  );
  known.set(model, asked);
  return asked;
}

const number = (/** @type {number} */ value) => value.toLocaleString(document.documentElement.lang);
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/** @param {string} name @param {string | HTMLElement} value */
function line(name, value) {
  const row = make("div");
  const told = make("dd");
  told.append(value);
  row.append(make("dt", "", name), told);
  return row;
}

/** What a model learned from, in words: made texts first. @param {string[]} data */
function sources(data) {
  const made = (/** @type {string} */ source) => source.startsWith("world: ");
  const all = [...new Set([...data.filter(made), ...data.filter((source) => !made(source))])];
  return all.map((source) =>
    source.replace(
      /^world: (\S+) (MB|conversations)$/,
      (_, count, unit) =>
        fill(unit === "MB" ? page.texts.world_megabytes : page.texts.world_conversations, {
          count: number(Number(count)),
        }),
    )
  ).join("; ");
}

/** @param {Card} card */
function figures({ parameters, architecture, quantised, taught, lineage, skills, accuracy }) {
  const { texts } = page;
  const list = make("dl");
  const size = number(parameters);
  list.append(line(texts.parameters, quantised ? `${size} (${quantised})` : size));
  if (architecture) {
    const { layers, heads, width, context, vocab } = architecture;
    list.append(
      line(texts.architecture, fill(texts.architecture_is, { layers, heads, width })),
      line(texts.context_size, fill(texts.context_is, { context: number(context), vocab: number(vocab) })),
    );
  }
  const [last] = lineage;
  const { bpb, loss, accuracy: validated } = last.validation ?? {};
  if (accuracy !== null) list.append(line(texts.labels_right, percent(accuracy)));
  else if (validated !== undefined) list.append(line(texts.labels_right, percent(validated)));
  else if (loss !== undefined) {
    const bits = bpb === undefined ? "" : `, ${fill(texts.bits_per_byte, { bits: decimal(bpb) })}`;
    list.append(line(texts.loss, `${decimal(loss, 3)} ${texts.nats}${bits}`));
  }
  const questions = skills.reduce((sum, skill) => sum + skill.questions, 0);
  if (questions > 0) {
    const right = skills.reduce((sum, skill) => sum + skill.right * skill.questions, 0) / questions;
    list.append(
      line(
        texts.questions_right,
        fill(texts.questions_are, { percent: percent(right), questions: number(questions) }),
      ),
    );
  }
  const data = lineage.flatMap((step) => step.data);
  if (data.length > 0) list.append(line(texts.data, sources(data)));
  if (taught > 0) list.append(line(texts.taught, number(taught)));
  return list;
}

/** @param {Step} step */
function lineageItem({ stage, made, steps, data }) {
  const { texts } = page;
  const item = make("li");
  const date = made
    ? new Date(made).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" })
    : "";
  const told = [date, steps ? fill(texts.steps, { steps: number(steps) }) : ""].filter(Boolean).join(", ");
  item.append(make("b", "", texts[`stage_${stage}`] ?? stage), ` ${told}`);
  if (data.length > 0) item.append(make("span", "data", sources(data)));
  return item;
}

async function draw() {
  const model = modelChosen();
  const box = get("card", HTMLElement);
  /** @type {Card | null} */
  let card = null;
  /** @type {HTMLElement | null} */
  let failed = null;
  try {
    card = await cardOf(model);
  } catch (error) {
    failed = failure(toldOf(error, page.texts.failed_card), draw);
  }
  if (model !== modelChosen()) return;
  const { texts } = page;
  box.replaceChildren(
    make("h2", "", texts.card),
    make("p", "name", model),
    make("p", "", texts[kindOf(model) ?? ""] ?? ""),
  );
  if (failed) box.append(failed);
  if (!card) return;
  const lineage = make("details");
  lineage.append(make("summary", "", texts.lineage));
  const list = make("ol");
  list.append(...card.lineage.map(lineageItem));
  lineage.append(list);
  box.append(figures(card), lineage);
  if (config.views.includes("/runs")) {
    const link = make("a", "", texts.see_runs);
    link.href = card.run === null ? "/runs" : `/runs?${new URLSearchParams({ run: card.run })}`;
    box.append(link);
  }
}

export function start() {
  modelChanges.addEventListener("change", draw);
  language.addEventListener("change", draw);
  document.getElementById("key")?.addEventListener("change", draw);
  draw();
}
