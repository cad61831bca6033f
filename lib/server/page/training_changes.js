// @ts-check
/// <reference lib="dom" />
// Renaming and deleting a training, with their dialogs.

import { fill, get, page } from "./dom.js";
import { decimal } from "./numbers.js";
import { confirmed, read, send } from "./studio_common.js";
import { toast } from "./toast.js";

/** @typedef {{ name: string, title: string }} Named a training, and what the page calls it */
/** @typedef {{ folder: string | null, parts: string[], bytes: number, shipped: boolean, kept: string[] }} Contents */

/** @param {Named} training */
export async function askAndRename({ name, title }) {
  const t = page.texts, dialog = get("rename", HTMLDialogElement), input = get("title", HTMLInputElement);
  get("rename-label", HTMLSpanElement).textContent = fill(t.rename_label, { name: title });
  get("rename-help", HTMLParagraphElement).textContent = fill(t.rename_help, { name });
  get("rename-cancel", HTMLButtonElement).onclick = () => dialog.close();
  input.value = title;
  input.placeholder = name;
  const answer = confirmed(dialog);
  input.select();
  if (!await answer) return;
  await send(`/trainings/${name}/rename`, { title: input.value });
  toast(fill(t.renamed, { title: input.value.trim() || name }));
}

/** @param {Named} training */
export async function askAndDelete({ name, title }) {
  const t = page.texts, dialog = get("delete", HTMLDialogElement);
  /** @type {Contents} */
  const { folder, parts, bytes, shipped, kept } = await read(`/trainings/${name}/contents`);
  if (dialog.open) return; // the button was pressed twice
  const list = (/** @type {string[]} */ items) =>
    new Intl.ListFormat(document.documentElement.lang).format(items);
  const size = decimal(bytes / 1e6, 1);
  get("delete-question", HTMLParagraphElement).textContent = folder
    ? fill(t.delete_folder, { folder, size, parts: list(parts) })
    : t.delete_entry;
  get("delete-shipped", HTMLParagraphElement).textContent = shipped && folder
    ? fill(t.delete_shipped, { folder })
    : "";
  get("delete-kept", HTMLParagraphElement).textContent = kept.length > 0
    ? fill(t.delete_kept, { kept: list(kept) })
    : "";
  if (!await confirmed(dialog)) return;
  await send(`/trainings/${name}/delete`, { shipped });
  toast(fill(t.deleted, { title }));
  get("trainings-title", HTMLHeadingElement).focus(); // its card, where the focus was, goes
}
