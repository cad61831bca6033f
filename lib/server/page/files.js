// @ts-check
/// <reference lib="dom" />
// Conversations to a file and back.

import { add, newestFirst } from "./conversations.js";
import { fill, get, make, page } from "./dom.js";
import { FormatError, LARGEST_FILE, readTalks, writeTalk } from "./format.js";
import { toast } from "./toast.js";

function download() {
  const text = JSON.stringify(newestFirst().map(writeTalk), null, 1);
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "desde-cero.json";
  link.click();
  URL.revokeObjectURL(link.href);
}

/** @param {File} file @returns {Promise<import("./format.js").Talk[]>} at least one @throws {Error} with what is wrong, for people */
async function read(file) {
  const { texts } = page;
  if (file.size > LARGEST_FILE) throw new Error(texts.file_large);
  const text = await file.text();
  try {
    const talks = readTalks(JSON.parse(text));
    if (talks.length === 0) throw new Error(texts.file_empty);
    return talks;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(texts.file_no_json);
    if (!(error instanceof FormatError)) throw error;
    const expected = texts[error.expected];
    throw new Error(error.path ? fill(texts.file_field, { path: error.path, expected }) : texts.file_no_list);
  }
}

/** @param {File} file */
async function upload(file) {
  let talks;
  try {
    talks = await read(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return toast(`${page.texts.import_failed} ${reason}`, { urgent: true });
  }
  const count = talks.length;
  if (add(talks)) toast(count === 1 ? page.texts.imported : fill(page.texts.imported_many, { count }));
}

export function start() {
  get("export", HTMLButtonElement).onclick = download;
  const input = get("import-file", HTMLInputElement);
  get("import", HTMLButtonElement).onclick = () => input.click();
  input.onchange = async () => {
    const file = input.files?.[0];
    if (file) await upload(file);
    input.value = "";
  };
}
