// @ts-check
/// <reference lib="dom" />
// A question, which can be copied, or edited and asked again.

import { askEdited } from "./answering.js";
import { copy } from "./clipboard.js";
import { make, page, textFor } from "./dom.js";
import { iconButton } from "./icons.js";
import { modelChosen } from "./settings.js";

/** @typedef {import("./format.js").Turn} Turn */

/** @param {string} talkId @param {Turn} turn */
export function questionElement(talkId, { id, question, answer }) {
  const { texts } = page;
  const article = make("article", "user");
  article.setAttribute("aria-label", texts.you);
  const tools = make("div", "tools");
  const edit = iconButton("edit", textFor("edit", answer?.model ?? modelChosen()), () => {
    if (article.querySelector("form")) return;
    article.classList.add("editing");
    article.append(editor(question, {
      send: (text) => askEdited(talkId, id, text),
      close: () => {
        article.classList.remove("editing");
        article.querySelector("form")?.remove();
        edit.focus();
      },
    }));
    article.querySelector("textarea")?.focus();
  }, "edit");
  tools.append(iconButton("copy", texts.copy, () => copy(question)), edit);
  article.append(tools, make("div", "text", question));
  return article;
}

/** @param {string} question @param {{ send: (text: string) => boolean, close: () => void }} actions */
function editor(question, { send, close }) {
  const { texts } = page;
  const form = make("form", "editor");
  const box = make("textarea");
  box.value = question;
  box.rows = 2;
  box.setAttribute("aria-label", textFor("edit", modelChosen()));
  const row = make("div", "row");
  const cancel = make("button", "quiet", texts.cancel);
  cancel.type = "button";
  cancel.onclick = close;
  const submit = make("button", "primary", textFor("ask_edited", modelChosen()));
  submit.type = "submit";
  row.append(cancel, submit);
  form.append(box, row);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (send(box.value.trim())) close();
  };
  box.onkeydown = /** @param {KeyboardEvent} event */ (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  };
  return form;
}
