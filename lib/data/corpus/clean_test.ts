import { assert, assertEquals } from "@std/assert";
import { cleanText } from "./clean.ts";
import type { CorpusOptions } from "./options.ts";
import { cutText, Segmenter, unwrapLines } from "./segment.ts";
import { type Step, Tally } from "./tally.ts";
import { PLAIN } from "./testing.ts";

function clean(text: string, options: Partial<CorpusOptions> = {}) {
  const tally = new Tally(1);
  const cleaned = cleanText(text, true, { ...PLAIN, ...options }, tally);
  return { text: cleaned, count: (step: Step) => tally.count(step) };
}

function segment(text: string, options: Partial<CorpusOptions> = {}, blocks = 1) {
  const tally = new Tally(1), documents: string[] = [];
  const segmenter = new Segmenter({ ...PLAIN, ...options }, tally, (document) => documents.push(document));
  const lines = text.split(/(?<=\n)/), size = Math.ceil(lines.length / blocks);
  for (let i = 0; i < lines.length; i += size) segmenter.push(lines.slice(i, i + size).join(""));
  segmenter.end();
  return { documents, count: (step: Step) => tally.count(step) };
}

Deno.test("byte order mark, line ends, decomposed accents and control characters are cleaned and counted", () => {
  const { text, count } = clean(
    "\ufeffUno\r\ndos\rtres cancio\u0301n\u0007 y\u200b fin\u00a0ya\u2028 \ue000\ud800.",
  );
  assertEquals(text, "Uno\ndos\ntres canción y fin ya\n .");
  assertEquals(count("byte order mark"), 1);
  assertEquals(count("line ends"), 2);
  assertEquals(count("NFC"), 1);
  assertEquals(count("control characters"), 6);
});

Deno.test("each step of cleaning can be left out", () => {
  const raw = "\ufeffa\r\ne\u0301\u0007";
  const off = { byte_order_mark: false, line_ends: false, nfc: false, control_characters: false };
  assertEquals(clean(raw, { clean: off }).text, raw);
  assertEquals(clean(raw, { clean: { ...off, byte_order_mark: true } }).text, raw.slice(1));
  assertEquals(clean(raw, { clean: { ...off, line_ends: true } }).text, raw.replace("\r", ""));
  assertEquals(clean(raw, { clean: { ...off, nfc: true } }).text, "\ufeffa\r\né\u0007");
  assertEquals(
    clean(raw, { clean: { ...off, control_characters: true } }).text,
    "a\r\ne\u0301",
  );
});

Deno.test("lowercasing keeps Spanish letters", () => {
  const { text, count } = clean("ÁRBOL Ñandú", { lowercase: true });
  assertEquals(text, "árbol ñandú");
  assertEquals(count("lowercase"), 6);
});

Deno.test("documents are files, sections, paragraphs or lines, however the blocks fall", () => {
  const raw = "uno\n\n\n\ndos  \n***\n\ntres\ncuatro\n- - -\n---\ncinco";
  for (const blocks of [1, 3, 20]) {
    const documents = (kind: CorpusOptions["documents"]) =>
      segment(raw, { documents: kind }, blocks).documents;
    assertEquals(documents("sections"), ["uno\n\ndos", "tres\ncuatro\n- - -", "cinco"]);
    assertEquals(documents("lines"), ["uno", "dos", "***", "tres", "cuatro", "- - -", "---", "cinco"]);
    assertEquals(documents("paragraphs"), ["uno", "dos\n***", "tres\ncuatro\n- - -\n---\ncinco"]);
    assertEquals(documents("file"), ["uno\n\ndos\n***\n\ntres\ncuatro\n- - -\n---\ncinco"]);
  }
});

Deno.test("long lines are dropped and counted", () => {
  const { documents, count } = segment(`corta\n${"x".repeat(50)}\nfin`, { max_line_length: 40 });
  assertEquals(documents, ["corta\nfin"]);
  assertEquals(count("long lines"), 1);
});

Deno.test("long documents are cut where a paragraph, a line, a sentence or a word ends", () => {
  assertEquals(cutText("uno dos.\n\ntres cuatro.", 14), ["uno dos.", "tres cuatro."]);
  assertEquals(cutText("Ya vino el sol. Ya se fue.", 20), ["Ya vino el sol.", "Ya se fue."]);
  assertEquals(cutText("uno dos tres cuatro", 9), ["uno dos", "tres", "cuatro"]);
  assertEquals(cutText("x".repeat(25), 10).map((piece) => piece.length), [10, 10, 5]);
  assertEquals(cutText("🙂🙂🙂", 3).join(""), "🙂🙂🙂");
  const words = Array.from({ length: 500 }, (_, i) => `palabra${i}.${i % 5 ? "" : "\n\n"}`).join(" ");
  for (const blocks of [1, 7]) {
    const { documents, count } = segment(words, { documents: "file", max_document_length: 200 }, blocks);
    assert(documents.every((document) => document.length <= 200));
    assertEquals(count("long documents"), documents.length - 1);
    assertEquals(documents.join(" ").split(/\s+/), words.trim().split(/\s+/));
  }
});

Deno.test("wrapped paragraphs become one line; verse, dialogue and lists stay", () => {
  const wrapped = [
    "Iba el carretero por el camino de siempre cuando vio que la",
    "puente, que había cruzado tantas veces, ya no estaba en su lu-",
    "gar.",
    "",
    "Verde que crece",
    "la hoja del maíz,",
    "verde que se mece.",
    "",
    "—¿Y ahora por dónde paso yo con estos bueyes tan cansados?",
    "—Por el vado, como pasaba tu abuelo cuando no había puente",
    "—contestó el barquero.",
    "",
    "1. Se mide la harina con la taza grande y se cierne dos veces",
    "2. Se bate la mantequilla hasta que cambie de color y espume",
  ];
  assertEquals(
    unwrapLines(wrapped),
    [
      "Iba el carretero por el camino de siempre cuando vio que la puente, que había cruzado tantas veces, ya no " +
      "estaba en su lugar.",
      "",
      ...wrapped.slice(4, 8),
      "—¿Y ahora por dónde paso yo con estos bueyes tan cansados?",
      "—Por el vado, como pasaba tu abuelo cuando no había puente —contestó el barquero.",
      "",
      ...wrapped.slice(12),
    ].map((line) => line),
  );
});
