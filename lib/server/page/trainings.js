// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The trainings on the studio's page: a card each, kept up to date.

import { fill, get, page, post } from "./dom.js";
import { count, decimal } from "./numbers.js";
import { askAndDelete, askAndRename } from "./training_changes.js";
import { toast } from "./toast.js";
import {
  cardList,
  duration,
  element,
  keepLooking,
  read,
  send,
  setText,
  told,
  Trial,
  Trouble,
} from "./studio_common.js";

/**
 * @typedef {{
 *   step: number, steps: number | null, loss: number | null, left: number | null, tokens_per_s: number | null,
 *   state: string, validation: { figures: Record<string, number> } | null,
 * }} Progress
 * @typedef {{
 *   name: string, title: string | null, state: string, stage: string | null, error: string | null, command: string | null,
 *   model: string | null, run: string | null, progress: Progress | null, sample: { step: number, text: string } | null,
 * }} Training
 */

/** Characters of a sample that are shown. */
const LONGEST_SAMPLE = 400;

class Card {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.state = element("span", { class: "state", role: "status" });
    this.bar = element("progress", {});
    this.facts = element("p", { class: "facts" });
    this.error = new Trouble();
    this.sampleTitle = element("figcaption", {});
    this.sampleText = element("blockquote", { class: "sample" });
    this.sample = element("figure", {}, this.sampleTitle, this.sampleText);
    this.title = name;
    this.stop = this.button("stop", () => send(`/trainings/${name}/stop`));
    this.resume = this.button("resume", () => send(`/trainings/${name}/resume`));
    this.rename = this.button("rename", () => askAndRename(this), true);
    this.delete = this.button("delete", () => askAndDelete(this), true);
    this.watch = element("a", {
      class: "button",
      href: `/runs?run=${encodeURIComponent(`${name}/pretrain`)}`,
    });
    this.talk = element("a", {
      class: "button",
      href: `/#${new URLSearchParams({ model: `${name}/pretrain` })}`,
    });
    this.written = element("output", { class: "sample" });
    this.trial = new Trial(`try-${name}`, (prompt) => this.continue(prompt), this.written);
    this.command = element("code", {});
    this.log = element("pre", { tabindex: "0" });
    this.summary = element("summary", {});
    this.details = /** @type {HTMLDetailsElement} */ (
      element("details", {}, this.summary, element("p", {}, this.command), this.log)
    );
    this.details.ontoggle = () => this.showLog();
    this.called = element("span", {});
    this.folder = element("small", {});
    this.heading = element("h3", {}, this.called, " ", this.folder);
    this.item = element(
      "li",
      { class: "card", "data-name": name },
      element("header", {}, this.heading, this.state),
      this.bar,
      this.facts,
      this.error.box,
      this.sample,
      element(
        "div",
        { class: "row" },
        this.stop,
        this.resume,
        this.watch,
        this.talk,
        this.rename,
        this.delete,
      ),
      this.trial.form,
      this.details,
    );
  }

  /**
   * @param {string} name @param {() => Promise<unknown>} act
   * @param {boolean} asks whether a dialog asks first, which then gives the focus back: to nothing that is disabled
   */
  button(name, act, asks = false) {
    const button = /** @type {HTMLButtonElement} */ (element("button", { type: "button", class: name }));
    button.onclick = async () => {
      button.disabled = !asks;
      try {
        await act();
      } catch (error) {
        toast(told(error), { urgent: true });
      }
      button.disabled = false;
      look();
    };
    return button;
  }

  /** @param {string} prompt */
  async continue(prompt) {
    this.written.textContent = "…";
    try {
      const answer = await post("/v1/completions", {
        model: `${this.name}/pretrain`,
        prompt,
        max_tokens: 200,
        temperature: 0.7,
      });
      this.written.textContent = prompt + (await answer.json()).choices[0].text;
    } catch (error) {
      this.written.textContent = told(error);
    }
  }

  async showLog() {
    if (!this.details.open) return;
    try {
      const { log } = await read(`/trainings/${this.name}`);
      const below = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 8;
      setText(this.log, log.join("\n") || page.texts.log_empty);
      if (below) this.log.scrollTop = this.log.scrollHeight;
    } catch {
      // Ignored: the list already says that the server is unreachable.
    }
  }

  /** @param {Training} training */
  show(training) {
    const t = page.texts, { state, progress, sample } = training;
    const running = state === "running" || state === "stopping";
    this.item.dataset.state = state;
    this.title = training.title ?? this.name;
    setText(this.called, this.title);
    setText(this.folder, training.title === null ? "" : this.name);
    setText(this.state, t[`state_${state}`]);
    setText(this.facts, factsOf(training).join(" · "));
    this.showBar(running, training);
    this.error.show(training.error, state === "failed" ? t.wordless : "");
    this.sample.hidden = !sample;
    if (sample) {
      setText(this.sampleTitle, fill(t.sample_at, { step: count(sample.step) }));
      const { text } = sample;
      setText(this.sampleText, text.length > LONGEST_SAMPLE ? `${text.slice(0, LONGEST_SAMPLE)}…` : text);
    }
    this.stop.hidden = state !== "running";
    this.resume.hidden = running || state === "finished" || !training.command;
    this.watch.hidden = !training.run;
    this.talk.hidden = this.trial.form.hidden = !training.model;
    this.delete.hidden = running;
    for (const at of /** @type {const} */ (["stop", "resume", "watch", "talk", "rename", "delete"])) {
      setText(this[at], t[at]);
      this[at].setAttribute("aria-label", `${t[at]}: ${this.title}`);
    }
    setText(this.summary, t.terminal);
    this.bar.setAttribute("aria-label", `${t.progress}: ${this.title}`);
    this.trial.name(t.try_label, t.try_go);
    setText(this.command, training.command ?? "");
    if (progress) this.item.dataset.step = String(progress.step);
    this.showLog();
  }

  /** @param {boolean} running @param {Training} training */
  showBar(running, { stage, progress }) {
    this.bar.hidden = !running;
    const known = stage === "pretrain" && progress?.state === "training" && progress.steps;
    if (known) {
      this.bar.setAttribute("max", String(progress.steps));
      this.bar.setAttribute("value", String(progress.step));
    } else this.bar.removeAttribute("value");
  }
}

/** The facts of a training for one line. @param {Training} training */
function factsOf({ state, stage, progress }) {
  const t = page.texts, facts = [];
  const running = state === "running" || state === "stopping";
  const training = progress?.state === "training";
  if (running) {
    const key = stage === "pretrain" && !training ? "measure" : (stage ?? "start").replaceAll("-", "_");
    facts.push(t[`stage_${key}`] ?? fill(t.stage_other, { stage: stage ?? "" }));
  }
  if (!progress || running && !training) return facts;
  const { step, steps, left, loss, tokens_per_s, validation } = progress;
  if (steps) facts.push(fill(t.step_of, { step: count(step), steps: count(steps) }));
  if (running && left !== null) facts.push(fill(t.left, { time: duration(left) }));
  if (loss !== null) facts.push(fill(t.loss, { loss: decimal(loss, 2) }));
  if (validation?.figures.bpb) facts.push(fill(t.bits, { bpb: decimal(validation.figures.bpb, 2) }));
  if (running && tokens_per_s) facts.push(fill(t.speed, { speed: count(tokens_per_s) }));
  return facts;
}

const showCards = cardList(get("trainings", HTMLUListElement), {
  key: (/** @type {Training} */ { name }) => name,
  card: ({ name }) => new Card(name),
});

async function draw() {
  /** @type {{ trainings: Training[] }} */
  const { trainings } = await read("/trainings");
  showCards(trainings);
}

let look = () => {};
export { look };

export function start() {
  look = keepLooking(draw, get("lost", HTMLParagraphElement));
}
