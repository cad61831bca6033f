// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page on which a model is taught: the form with the facts. What was taught is drawn by lessons.js.

import { fill, get, page } from "./dom.js";
import * as frame from "./frame.js";
import * as lessons from "./lessons.js";
import { element, send, setText, told } from "./studio_common.js";

const list = get("facts", HTMLDivElement);
const model = get("model", HTMLSelectElement);
const refused = get("refused", HTMLParagraphElement);
const start = get("start", HTMLButtonElement);

/** Most facts in one lesson; the server's limit. */
const MOST = 50;

/** A fact that is being written. */
class Row {
  constructor() {
    this.legend = element("legend", {});
    this.answer = this.field("answer");
    this.question = this.field("question");
    this.remove =
      /** @type {HTMLButtonElement} */ (element("button", { type: "button", class: "quiet" }, "✕"));
    this.wordings = element("ul", { class: "wordings" });
    this.title = element("p", { class: "help" });
    this.set = element(
      "fieldset",
      { class: "fact" },
      this.legend,
      this.remove,
      this.answer.label,
      this.question.label,
      this.title,
      this.wordings,
    );
    this.remove.onclick = () => {
      rows.splice(rows.indexOf(this), 1);
      this.set.remove();
      if (rows.length === 0) add();
      translate();
      rows[0].answer.input.focus();
    };
    for (const { input } of [this.answer, this.question]) input.oninput = () => this.forget();
  }

  /** @param {"answer" | "question"} kind */
  field(kind) {
    const input = /** @type {HTMLInputElement} */ (
      element("input", { type: "text", maxlength: "1000", autocomplete: "off", class: kind, lang: "es" })
    );
    const name = element("span", {});
    return { kind, input, name, label: element("label", { class: "field" }, name, input) };
  }

  /** Clears the shown wordings, as the fact has been edited. */
  forget() {
    this.wordings.replaceChildren();
    setText(this.title, "");
  }

  /** @param {{ question: string, wordings: string[] }} worded */
  show({ question, wordings }) {
    this.question.input.value = question;
    this.wordings.replaceChildren(...wordings.map((text) => element("li", { lang: "es" }, text)));
    setText(this.title, page.texts.wordings);
  }
}

/** @type {Row[]} */
const rows = [];

function add() {
  const row = new Row();
  rows.push(row);
  list.append(row.set);
  return row;
}

function translate() {
  const t = page.texts;
  for (const [i, row] of rows.entries()) {
    setText(row.legend, fill(t.fact, { n: i + 1 }));
    row.remove.setAttribute("aria-label", t.remove);
    row.remove.title = t.remove;
    row.remove.hidden = rows.length === 1;
    for (const { kind, input, name } of [row.answer, row.question]) {
      setText(name, t[`${kind}_label`]);
      input.placeholder = i === 0 ? t[`${kind}_placeholder`] : "";
    }
    if (row.title.textContent) setText(row.title, t.wordings);
  }
  get("add", HTMLButtonElement).disabled = rows.length >= MOST;
}

/** The rows that are not empty, with their contents. */
function written() {
  const used = rows.filter(({ answer, question }) => answer.input.value.trim() + question.input.value.trim());
  const kept = used.length > 0 ? used : rows.slice(0, 1);
  return {
    kept,
    facts: kept.map(({ answer, question }) => ({
      answer: answer.input.value.trim(),
      question: question.input.value.trim(),
    })),
  };
}

/** Does something with the facts, or shows why not. @param {(facts: ReturnType<written>) => Promise<void>} act */
async function withFacts(act) {
  refused.textContent = "";
  const facts = written();
  const empty = facts.kept.find(({ answer }) => answer.input.value.trim() === "");
  if (empty) {
    empty.answer.input.required = true;
    empty.answer.input.reportValidity();
    empty.answer.input.required = false;
    return;
  }
  try {
    await act(facts);
  } catch (error) {
    refused.textContent = told(error);
  }
}

get("add", HTMLButtonElement).onclick = () => {
  const row = add();
  translate();
  row.answer.input.focus();
};
get("show", HTMLButtonElement).onclick = () =>
  withFacts(async ({ kept, facts }) => {
    const worded = await send("/wordings", { facts });
    for (const [i, row] of kept.entries()) row.show(worded.facts[i]);
  });
get("teach", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  withFacts(async ({ facts }) => {
    start.disabled = true;
    try {
      await send("/lessons", { model: model.value, facts });
      lessons.look();
      get("lessons-title", HTMLHeadingElement).scrollIntoView({ block: "start" });
    } finally {
      start.disabled = false;
    }
  });
};

frame.language.addEventListener("change", () => {
  translate();
  lessons.look();
});
add();
frame.start();
translate();
lessons.start();
