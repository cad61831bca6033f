// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The chat page in the browser. Served as it is: JavaScript with types in comments, no build step.
// Whatever a person or a model wrote goes into the page as text (textContent), never as markup.

/** @typedef {{ token: string, logprob: number, top_logprobs: { token: string, logprob: number }[] }} TokenInfo */
/** @typedef {{ source: "model" | "faq", ids: number[], tokens: string[], prompt: number, context: number, first_token_ms: number | null, tokens_per_s: number | null }} Trace */
/** @typedef {{ role: "user" | "assistant", content: string, model?: string, trace?: Trace, tokens?: TokenInfo[], labels?: { label: string, probability: number }[], error?: string, stopped?: boolean }} Message */
/** @typedef {{ id: string, messages: Message[] }} Talk */

/** @template {Element} T @param {string} id @param {new () => T} kind @returns {T} */
function get(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is no ${kind.name}`);
  return found;
}

const config = JSON.parse(get("config", HTMLScriptElement).textContent ?? "{}");
const log = get("log", HTMLDivElement);
const input = get("prompt", HTMLTextAreaElement);
const send = get("send", HTMLButtonElement);
const stop = get("stop", HTMLButtonElement);
const regenerate = get("regenerate", HTMLButtonElement);
const modelSelect = get("model", HTMLSelectElement);
const side = get("side", HTMLElement);
const openSide = get("open-side", HTMLButtonElement);

// ---- texts -----------------------------------------------------------------------------------------

/** @type {Record<string, string>} */
let texts = config.texts.es;

/** @param {"es" | "en"} language */
function speak(language) {
  texts = config.texts[language];
  document.documentElement.lang = language;
  localStorage.setItem("language", language);
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.getAttribute("data-text") ?? ""];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.getAttribute("data-label") ?? ""]);
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.setAttribute("placeholder", texts[element.getAttribute("data-placeholder") ?? ""]);
  }
  const other = get("language", HTMLButtonElement);
  other.textContent = language === "es" ? "English" : "Español";
  other.lang = language === "es" ? "en" : "es";
}

// ---- conversations ---------------------------------------------------------------------------------

/** @type {Talk[]} */
let talks = [];
let current = "";
const fresh = () => ({ id: crypto.randomUUID(), messages: [] });
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

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function showTalks() {
  const list = get("talks", HTMLUListElement);
  list.replaceChildren(...talks.map(({ id, messages }) => {
    const item = make("li");
    const open = make("button", "", messages[0]?.content.slice(0, 60) || texts.untitled);
    open.type = "button";
    open.setAttribute("aria-current", String(id === current));
    open.onclick = () => {
      current = id;
      save();
      show();
    };
    const remove = make("button", "quiet", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `${texts.delete}: ${open.textContent}`);
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
  hello.append(make("h2", "", texts.hello), make("p", "", texts.hello_help), row);
  return hello;
}

// ---- messages --------------------------------------------------------------------------------------

/** @param {Message} message */
function bubble(message) {
  const article = make("article", message.role);
  article.setAttribute("aria-label", message.role === "user" ? texts.you : texts.them);
  if (message.role === "user") {
    article.append(make("div", "text", message.content));
    return article;
  }
  if (message.labels) article.append(labelTable(message.labels));
  else article.append(make("div", "text", message.content || (message.error ? "" : texts.empty)));
  if (message.error) article.append(make("div", "error", `${texts.failed}: ${message.error}`));
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
      make("span", `badge ${trace.source}`, trace.source === "faq" ? texts.from_faq : message.model),
    );
  } else if (message.model) foot.append(make("span", "badge", message.model));
  const figures = [];
  if (message.stopped) figures.push(texts.stopped);
  if (trace?.source === "model") {
    figures.push(`${texts.context} ${Math.min(trace.ids.length, trace.context)}/${trace.context}`);
    if (trace.first_token_ms !== null) figures.push(`${texts.first} ${trace.first_token_ms.toFixed(0)} ms`);
    if (trace.tokens_per_s !== null) figures.push(`${trace.tokens_per_s} ${texts.rate}`);
  }
  foot.append(make("span", "figures", figures.join(" · ")));
  if (trace) {
    const button = make("button", "quiet", texts.trace);
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

// ---- trace -----------------------------------------------------------------------------------------

const visible = (/** @type {string} */ token) => token.replaceAll("\n", "⏎\n");
/** @param {number} logprob @returns one of five shades */
const shade = (logprob) => `p${Math.min(4, Math.floor(5 * Math.exp(logprob)))}`;

/** @param {Message} message @param {Trace} trace */
function tracePanel(message, trace) {
  const panel = make("section", "trace");
  panel.setAttribute("aria-label", texts.trace);
  panel.append(make("h3", "", texts.them), make("div", "text", message.content || texts.empty));
  if (trace.source === "faq") return panel;
  panel.append(make("h3", "", texts.raw));
  const line = make("div", "tokens");
  trace.tokens.forEach((token, i) => {
    const marker = trace.ids[i] < 6;
    const info = i >= trace.prompt ? message.tokens?.[i - trace.prompt] : undefined;
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
  legend.append(make("span", "", `${texts.probability}: ${texts.low}`));
  for (let i = 0; i < 5; i++) legend.append(make("i", `p${i}`));
  legend.append(make("span", "", texts.high));
  panel.append(line, legend, make("h3", "", texts.attention), attentionMap(message, trace));
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
function hideTip() {
  tipElement?.remove();
  tipElement = null;
}

/** @param {Message} message @param {Trace} trace */
function attentionMap(message, trace) {
  const box = make("div", "map");
  const row = make("div", "row");
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", texts.layer_head);
  const choose = (/** @type {string} */ name) => {
    const label = make("label", "", `${name} `);
    const select = make("select");
    select.append(new Option("1", "0"));
    label.append(select);
    row.append(label);
    return select;
  };
  const layer = choose(texts.layer), head = choose(texts.head);
  const draw = async () => {
    const answer = await post("/api/attention", {
      model: message.model,
      ids: trace.ids,
      layer: Number(layer.value),
      head: Number(head.value),
    });
    const { layers, heads, size, weights } = await answer.json();
    const fill = (/** @type {HTMLSelectElement} */ select, /** @type {number} */ n) => {
      while (select.length < n) select.append(new Option(String(select.length + 1), String(select.length)));
    };
    fill(layer, layers);
    fill(head, heads);
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(size, size);
    const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0));
    bytes.forEach((w, i) => {
      // The square root makes small weights visible.
      const dark = Math.sqrt(w / 255);
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
  box.append(row, canvas, make("p", "figures", texts.attention_help));
  draw().catch((error) => box.append(make("p", "error", String(error.message))));
  return box;
}

// ---- asking ----------------------------------------------------------------------------------------

/** @type {AbortController | null} */
let running = null;
const halt = () => running?.abort();

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
async function post(path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/json" };
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement && key.value) headers.authorization = `Bearer ${key.value}`;
  const answer = await fetch(path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...signal && { signal },
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  throw new Error(told?.error?.message ?? `${answer.status} ${answer.statusText}`);
}

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
  if (tipElement) hideTip();
  else if (document.body.classList.contains("open")) toggleSide(false);
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
  if (read.length === 0) return alert(texts.import_failed);
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
  get("model-kind", HTMLParagraphElement).textContent = texts[kind];
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
