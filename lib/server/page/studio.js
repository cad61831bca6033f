// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The studio's page in the browser: the form for a new training. The trainings are drawn by trainings.js.

import { config, fill, get, page } from "./dom.js";
import * as frame from "./frame.js";
import { count } from "./numbers.js";
import { send, told } from "./studio_common.js";
import * as trainings from "./trainings.js";

const form = get("new", HTMLFormElement);
const text = get("text", HTMLTextAreaElement);
const name = get("name", HTMLInputElement);
const minutes = get("minutes", HTMLInputElement);
const refused = get("refused", HTMLParagraphElement);
const start = get("start", HTMLButtonElement);

function showLength() {
  const { length } = text.value;
  get("length", HTMLOutputElement).textContent = length > 0
    ? fill(page.texts.characters, { count: count(length) })
    : "";
  refused.textContent = length > config.longest ? page.texts.refused_too_large : "";
}

/** Puts files into the text box, one after another. @param {Iterable<File>} files */
async function take(files) {
  const all = [...files];
  if (all.reduce((sum, { size }) => sum + size, 0) > 4 * config.longest) {
    refused.textContent = page.texts.refused_too_large;
    return;
  }
  try {
    const strict = new TextDecoder("utf-8", { fatal: true });
    const texts = await Promise.all(all.map(async (file) => strict.decode(await file.arrayBuffer())));
    if (texts.some((one) => one.includes("\0"))) throw new TypeError("binary");
    text.value = texts.join("\n\n");
    if (name.value === "" && all.length > 0) name.value = all[0].name.replace(/\.\w+$/, "");
    showLength();
  } catch {
    refused.textContent = page.texts.refused_no_text;
  }
}

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!hasFiles(/** @type {DragEvent} */ (event))) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) form.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  form.classList.remove("dropping");
  if (!hasFiles(event)) return;
  event.preventDefault();
  take(event.dataTransfer?.files ?? []);
});
const files = get("files", HTMLInputElement);
files.onchange = async () => {
  await take(files.files ?? []);
  files.value = "";
};

text.oninput = showLength;
for (const button of document.querySelectorAll("[data-minutes]")) {
  button.addEventListener("click", () => minutes.value = button.getAttribute("data-minutes") ?? "");
}

form.onsubmit = async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  if (start.disabled) return;
  start.disabled = true;
  refused.textContent = "";
  try {
    const size = new FormData(form).get("size");
    await send("/trainings", {
      text: text.value,
      name: name.value,
      size,
      minutes: Number(minutes.value),
    });
    text.value = name.value = "";
    showLength();
    trainings.look();
    get("trainings-title", HTMLHeadingElement).scrollIntoView({ block: "start" });
  } catch (error) {
    refused.textContent = told(error);
  }
  start.disabled = false;
};

frame.language.addEventListener("change", () => {
  showLength();
  trainings.look();
});
frame.start();
showLength();
trainings.start();
