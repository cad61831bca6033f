// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The chat page in the browser. Served as it is: JavaScript with types in comments, no build step.
// Whatever a person or a model wrote goes into the page as text (textContent), never as markup.

import { config, get, make, page, post, speak } from "./dom.js";
import { hideTip, tracePanel } from "./trace.js";

/** @typedef {import("./trace.js").Message} Message */
/** @typedef {{ id: string, messages: Message[] }} Talk */

const log = get("log", HTMLDivElement);
const input = get("prompt", HTMLTextAreaElement);
const send = get("send", HTMLButtonElement);
const stop = get("stop", HTMLButtonElement);
const regenerate = get("regenerate", HTMLButtonElement);
const modelSelect = get("model", HTMLSelectElement);
const side = get("side", HTMLElement);
const openSide = get("open-side", HTMLButtonElement);

// ---- conversations ---------------------------------------------------------------------------------

/** @type {Talk[]} */
let talks = [];
let current = "";
// No randomUUID: it is missing where the page came without TLS from another machine.
const fresh = () => ({ id: `${Date.now()}-${Math.random().toString(36).slice(2)}`, messages: [] });
/** The conversation that is shown. */
const talk = () => /** @type {Talk} */ (talks.find(({ id }) => id === current));

/** @param {unknown} value @returns {Talk[]} those that are sound */
function soundTalks(value) {
  if (!Array.isArray(value)) return [];
  return value.filter((one) =>
    typeof one?.id === "string" && Array.isArray(one.messages) &&
    one.messages.every((/** @type {any} */ m) =>
      (m?.role === "user" || m?.role === "assistant") && typeof m.content === "string"
    )
  );
}

function load() {
  try {
    talks = soundTalks(JSON.parse(localStorage.getItem("talks") ?? "[]"));
  } catch {
    talks = [];
  }
  if (talks.length === 0) talks = [fresh()];
  current = talks.find(({ id }) => id === localStorage.getItem("current"))?.id ?? talks[0].id;
}

function save() {
  // Old conversations go first when the browser's room is full.
  for (let kept = talks.length; kept > 0; kept--) {
    try {
      localStorage.setItem("talks", JSON.stringify(talks.slice(0, kept)));
      localStorage.setItem("current", current);
      return;
    } catch {
      // too much; try with one less
    }
  }
}

function showTalks() {
  const list = get("talks", HTMLUListElement);
  list.replaceChildren(...talks.map(({ id, messages }) => {
    const item = make("li");
    const open = make("button", "", messages[0]?.content.slice(0, 60) || page.texts.untitled);
    open.type = "button";
    open.setAttribute("aria-current", String(id === current));
    open.onclick = () => {
      current = id;
      save();
      show();
    };
    const remove = make("button", "quiet", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `${page.texts.delete}: ${open.textContent}`);
    remove.onclick = () => {
      halt();
      talks = talks.filter((one) => one.id !== id);
      if (talks.length === 0) talks = [fresh()];
      if (!talks.some((one) => one.id === current)) current = talks[0].id;
      save();
      show();
    };
    item.append(open, remove);
    return item;
  }));
}

function show() {
  showTalks();
  const { messages } = talk();
  if (messages.length === 0) log.replaceChildren(welcome());
  else log.replaceChildren(...messages.map(bubble));
  regenerate.disabled = running !== null || !messages.some(({ role }) => role === "assistant");
  log.scrollTop = log.scrollHeight;
}

function welcome() {
  const hello = make("div", "hello");
  const row = make("div", "row");
  for (const question of config.presets) {
    const button = make("button", "", question);
    button.type = "button";
    button.onclick = () => ask(question);
    row.append(button);
  }
  hello.append(make("h2", "", page.texts.hello), make("p", "", page.texts.hello_help), row);
  return hello;
}

// ---- messages --------------------------------------------------------------------------------------

/** @param {Message} message */
function bubble(message) {
  const article = make("article", message.role);
  article.setAttribute("aria-label", message.role === "user" ? page.texts.you : page.texts.them);
  if (message.role === "user") {
    article.append(make("div", "text", message.content));
    return article;
  }
  if (message.labels) article.append(labelTable(message.labels));
  else article.append(make("div", "text", message.content || (message.error ? "" : page.texts.empty)));
  if (message.error) article.append(make("div", "error", `${page.texts.failed}: ${message.error}`));
  article.append(footer(message, article));
  return article;
}

/** @param {{ label: string, probability: number }[]} labels */
function labelTable(labels) {
  const table = make("table", "labels");
  for (const { label, probability } of labels) {
    const row = make("tr");
    const cell = make("td");
    const meter = make("meter");
    meter.value = probability;
    meter.setAttribute("aria-label", label);
    cell.append(meter);
    row.append(make("td", "", label), cell, make("td", "", `${(100 * probability).toFixed(1)} %`));
    table.append(row);
  }
  return table;
}

/** @param {Message} message @param {HTMLElement} article */
function footer(message, article) {
  const foot = make("div", "foot");
  const { trace } = message;
  if (trace) {
    foot.append(
      make("span", `badge ${trace.source}`, trace.source === "faq" ? page.texts.from_faq : message.model),
    );
  } else if (message.model) foot.append(make("span", "badge", message.model));
  const figures = [];
  if (message.stopped) figures.push(page.texts.stopped);
  if (trace?.source === "model") {
    figures.push(`${page.texts.context} ${Math.min(trace.ids.length, trace.context)}/${trace.context}`);
    if (trace.first_token_ms !== null) {
      figures.push(`${page.texts.first} ${trace.first_token_ms.toFixed(0)} ms`);
    }
    if (trace.tokens_per_s !== null) figures.push(`${trace.tokens_per_s} ${page.texts.rate}`);
  }
  foot.append(make("span", "figures", figures.join(" · ")));
  if (trace) {
    const button = make("button", "quiet", page.texts.trace);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.onclick = () => {
      const open = article.querySelector(".trace");
      open?.remove();
      button.setAttribute("aria-expanded", String(!open));
      if (!open) article.append(tracePanel(message, trace));
    };
    foot.append(button);
  }
  return foot;
}

// ---- asking ----------------------------------------------------------------------------------------

/** @type {AbortController | null} */
let running = null;
const halt = () => running?.abort();

const value = (/** @type {string} */ id) => get(id, HTMLInputElement).value;
const kindOf = (/** @type {string} */ id) => config.models.find((/** @type {any} */ m) => m.id === id)?.kind;

/** @param {string} question */
async function ask(question) {
  if (running || question.trim() === "") return;
  talk().messages.push({ role: "user", content: question });
  await answerLast();
}

/** Answers the last question of the conversation, and shows the answer as it comes. */
async function answerLast() {
  const { messages } = talk();
  const here = current;
  /** @type {Message} */
  const message = { role: "assistant", content: "", model: modelSelect.value, tokens: [] };
  const controller = running = new AbortController();
  send.hidden = true;
  stop.hidden = false;
  show();
  const article = make("article", "assistant writing");
  const text = make("div", "text");
  article.append(text);
  log.append(article);
  log.scrollTop = log.scrollHeight;
  try {
    if (kindOf(modelSelect.value) === "classifier") await label(message, messages, controller.signal);
    else {
      await generate(message, messages, controller.signal, () => {
        const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
        text.textContent = message.content;
        if (atEnd) log.scrollTop = log.scrollHeight;
      });
    }
  } catch (error) {
    if (controller.signal.aborted) message.stopped = true;
    else message.error = error instanceof Error ? error.message : String(error);
  }
  running = null;
  send.hidden = false;
  stop.hidden = true;
  talks.find(({ id }) => id === here)?.messages.push(message);
  save();
  show();
  input.focus();
}

/** @param {Message} message @param {Message[]} messages @param {AbortSignal} signal */
async function label(message, messages, signal) {
  const answer = await post("/classify", { model: message.model, input: messages.at(-1)?.content }, signal);
  message.labels = (await answer.json()).data[0].labels;
  message.content = message.labels?.[0].label ?? "";
}

/** @param {Message} message @param {Message[]} messages @param {AbortSignal} signal @param {() => void} onText */
async function generate(message, messages, signal, onText) {
  const system = get("system", HTMLTextAreaElement).value.trim();
  const spoken = messages.filter((m) => !m.error && m.content).map(({ role, content }) => ({
    role,
    content,
  }));
  const answer = await post("/v1/chat/completions", {
    model: message.model,
    messages: [...system ? [{ role: "system", content: system }] : [], ...spoken],
    stream: true,
    logprobs: true,
    top_logprobs: 5,
    faq: get("faq", HTMLInputElement).checked,
    max_tokens: Number(value("max_tokens")),
    temperature: Number(value("temperature")),
    top_k: Number(value("top_k")),
    top_p: Number(value("top_p")),
    ...value("seed") !== "" && { seed: Number(value("seed")) },
  }, signal);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).pipeThrough(
    /** @type {any} */ (new TextDecoderStream()),
  ).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (pending + value).split("\n\n");
    pending = events.pop() ?? "";
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Error(chunk.error.message);
      const choice = chunk.choices[0];
      message.content += choice?.delta?.content ?? "";
      if (choice?.logprobs) message.tokens?.push(...choice.logprobs.content);
      if (chunk.desde_cero) message.trace = chunk.desde_cero;
      onText();
    }
  }
}

// ---- controls --------------------------------------------------------------------------------------

get("ask", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const question = input.value;
  if (running || question.trim() === "") return;
  input.value = "";
  ask(question);
};
input.onkeydown = /** @param {KeyboardEvent} event */ (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    get("ask", HTMLFormElement).requestSubmit();
  }
};
stop.onclick = halt;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (hideTip()) return;
  if (document.body.classList.contains("open")) toggleSide(false);
  else halt();
});
regenerate.onclick = () => {
  if (running) return;
  const { messages } = talk();
  while (messages.at(-1)?.role === "assistant") messages.pop();
  if (messages.length > 0) answerLast();
};
get("new", HTMLButtonElement).onclick = () => {
  halt();
  if (talk().messages.length > 0) talks.unshift(fresh());
  current = talks[0].id;
  save();
  show();
  toggleSide(false);
  input.focus();
};
get("export", HTMLButtonElement).onclick = () => {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(talks, null, 1)], { type: "application/json" }));
  link.download = "desde-cero.json";
  link.click();
  URL.revokeObjectURL(link.href);
};
const file = get("import-file", HTMLInputElement);
get("import", HTMLButtonElement).onclick = () => file.click();
file.onchange = async () => {
  let read;
  try {
    read = soundTalks(JSON.parse(await (file.files?.[0]?.text() ?? "")));
  } catch {
    read = /** @type {Talk[]} */ ([]);
  }
  file.value = "";
  if (read.length === 0) return alert(page.texts.import_failed);
  const known = new Set(read.map(({ id }) => id));
  talks = [...read, ...talks.filter(({ id, messages }) => !known.has(id) && messages.length > 0)];
  current = read[0].id;
  save();
  show();
};
get("language", HTMLButtonElement).onclick = () => {
  speak(document.documentElement.lang === "es" ? "en" : "es");
  chosen();
  show();
};

/** @param {boolean} open */
function toggleSide(open) {
  document.body.classList.toggle("open", open);
  openSide.setAttribute("aria-expanded", String(open));
}
openSide.onclick = () => toggleSide(!document.body.classList.contains("open"));
get("log", HTMLDivElement).addEventListener("click", () => toggleSide(false));
side.addEventListener("keydown", (event) => event.key === "Escape" && openSide.focus());

/** Shows what the chosen model does. */
function chosen() {
  const kind = kindOf(modelSelect.value);
  get("model-kind", HTMLParagraphElement).textContent = page.texts[kind];
  get("current", HTMLElement).textContent = modelSelect.value;
  get("sampling", HTMLElement).hidden = kind === "classifier";
  // A model that continues text says little at temperature 0.
  const temperature = get("temperature", HTMLInputElement);
  if (!temperature.dataset.touched) temperature.value = kind === "text" ? "0.7" : "0";
  temperature.dispatchEvent(new Event("input"));
}
modelSelect.onchange = () => {
  localStorage.setItem("model", modelSelect.value);
  chosen();
};
for (const slider of document.querySelectorAll("input[type=range]")) {
  if (!(slider instanceof HTMLInputElement)) continue;
  const output = document.querySelector(`output[for=${slider.id}]`);
  slider.addEventListener("input", (event) => {
    if (event.isTrusted) slider.dataset.touched = "yes";
    if (output) output.textContent = slider.value;
  });
}

load();
speak(localStorage.getItem("language") === "en" ? "en" : "es");
const remembered = localStorage.getItem("model");
if (kindOf(remembered ?? "")) modelSelect.value = remembered ?? "";
chosen();
show();
