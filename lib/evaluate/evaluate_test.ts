import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../errors.ts";
import { holds, score } from "./language.ts";
import { pairScore, pairScores } from "./pairs.ts";
import { renderReport } from "./report.ts";
import { storyScore } from "./stories.ts";
import { chrf, distinct, normalizeAnswer, repetition } from "./text_metrics.ts";
import { shortfalls } from "./thresholds.ts";

Deno.test("chrF: 1 for the same text, 0 for another one, and by hand in between", () => {
  assertEquals(chrf("los perros", "los perros"), 1);
  assertEquals(chrf("los  perros", "losperros"), 1);
  assertEquals(chrf("abc", "xyz"), 0);
  assertEquals(chrf("", "abc"), 0);
  assertEquals(chrf("", ""), 1);
  // "ab" and "ac": unigrams 1/2 and 1/2, bigrams 0; both means are 1/4.
  assertAlmostEquals(chrf("ab", "ac"), 0.25);
  // "abc" for "ab": precision (2/3 + 1/2 + 0/1) / 3, recall (1 + 1 + 0) / 3, F with recall twice as heavy.
  const p = (2 / 3 + 1 / 2) / 3, r = 2 / 3;
  assertAlmostEquals(chrf("abc", "ab"), 5 * p * r / (4 * p + r));
});

Deno.test("distinct-n and repetition", () => {
  assertEquals(distinct(["a b a b"], 1), 0.5);
  assertAlmostEquals(distinct(["a b a b"], 2), 2 / 3);
  assertEquals(repetition(["a b c d"]), 0);
  assertAlmostEquals(repetition(["a b c d a b c d"]), 1 / 5);
  assertEquals([distinct([], 1), repetition([""])], [0, 0]);
});

Deno.test("answers are compared without capitals, spaces and marks at the ends", () => {
  assertEquals(normalizeAnswer(" ¡Los  Perros! "), "los perros");
  assertEquals(normalizeAnswer("3."), "3");
  const answered = [
    { instruction: "a", response: "Sí.", contains: ["sí"], answer: "sí" },
    { instruction: "b", response: "No.", answer: "tal vez" },
    { instruction: "c", contains: ["uno", "dos"], answer: "uno" },
  ];
  const { exact, contains, questions } = score(answered);
  assertEquals([exact, contains, questions], [0.5, 0.5, 3]);
  assertEquals(score([]).exact, null);
});

Deno.test("an answer holds if it has the words it should, whole, and none that are excluded", () => {
  const right = (answer: string, contains: (string | string[])[], excludes: string[] = []) =>
    holds({ instruction: "", answer, contains, excludes });
  assert(right("La tiene ANA.", ["Ana"]) && !right("Vuelve mañana.", ["Ana"]));
  assert(right("Son 7.", [["7", "siete"]]) && right("Siete", [["7", "siete"]]) && !right("Son 17", ["7"]));
  assert(right("s-o-l.", ["s-o-l"]) && !right("s-o-l-a.", ["s-o-l"]) && !right("a-s-o-l", ["s-o-l"]));
  assert(right("Sábado y domingo", ["sábado", "domingo"]) && !right("Sábado", ["sábado", "domingo"]));
  assert(right("No.", ["no"], ["no lo sé"]) && !right("No  lo\nsé.", ["no"], ["no lo sé"]));
  assert(right("¿Está cansado? (sí)", ["¿está cansado?"]) && right("Me voy.", [], ["ir"]));
  assert(
    right("8 - 4 = 4. Cuatro.", ["4"]) && !right("8 - 4 = 3. Tres.", ["4"]) && right("7 × 2 = 14.", ["14"]),
  );
  assert(right("3 + 5 = 8, 8 - 5 = 3.", ["3"]) && !right("3 + 5 = 8, 8 - 5 = 2.", ["3"], ["8"]));
  const passed = "Jueves, viernes, sábado. Sábado.";
  assert(right(passed, ["sábado"]) && !right(passed, ["viernes"]) && right("Martes 1, lunes 2. 2.", ["2"]));
  assert(right("Enero, febrero, marzo.", ["enero, febrero, marzo"]));
  assert(!right("3 + 5 = 7, 7 - 5 = 2.", ["3"]) && right("3 + 5 = 8, 8 - 5 = 2.", ["2"], ["8"]));
});

Deno.test("thresholds are bounds of figures by their path", () => {
  const report = { checkpoints: { base: { text: { bpc: 2 } } } };
  const at = "checkpoints.base.text.bpc";
  assertEquals(shortfalls(report, { [at]: { max: 2, min: 1 } }), []);
  assertEquals(shortfalls(report, { [at]: { max: 1.5 } })[0].bound, "at most 1.5");
  assertThrows(
    () => shortfalls(report, { "checkpoints.instruct": {} }),
    UserError,
    "no instruct in the report",
  );
  assertThrows(() => shortfalls(report, { "checkpoints.base": {} }), UserError, "is no figure");
});

Deno.test("the page begins with a summary, and shows a classifier beside naive Bayes, in both languages", () => {
  const quality = { accuracy: 0.64, macro_f1: 0.6, labels: {}, confusion: [] };
  const baselines = { naive_bayes: { accuracy: 0.79, macro_f1: 0.78 } };
  const base = { stage: "s", step: 1, parameters: 2, weights_bytes: 2, memory_bytes: 3 };
  const checkpoints = {
    topics: {
      ...base,
      folder: "models/a/classify/topics/best",
      classify: { task: "topics", ...quality, baselines },
    },
    mails: { ...base, folder: "models/a/classify/mails/best", classify: { task: "mails", ...quality } },
  };
  const report = { preset: "p", made: "2026-01-01T00:00:00Z", device: "d", checkpoints, shortfalls: [] };
  const page = renderReport(report, false, { curves: [], matrices: [], attention: null });
  assert(page.indexOf('class="cards"') < page.indexOf("<table>"), "the summary comes first");
  assert(
    page.indexOf("naive Bayes on words</span>") < page.indexOf("<b>topics</b></th>"),
    "the better one comes first",
  );
  assert(page.includes("Bayes ingenuo con palabras") && page.includes("Evaluación de p"));
  assert(page.includes("<td>topics</td>") && page.includes("<td>mails</td>"), "of folders, what differs");
  assert(!page.includes("perplexity"), "figures that none has are left out");
});

Deno.test("the page shows what models write as text, never as markup", () => {
  const answers = [{
    instruction: "<script>alert(1)</script>",
    response: "<b>",
    answer: "<img src=x>",
    family: "f",
  }];
  const all = score(answers);
  const scored = [{ good: "<u>", bad: "<s>", phenomenon: "<p>", good_logprob: -3, bad_logprob: -2 }];
  const judged = [{
    ...{ beginning: "<h5>", persons: {}, text: "<em>", stopped: true, named: false, words: 3, phrases: 2 },
    ...{ strangers: ["Luis"], misgendered: [], disagreements: ["la perro"], repetition: 0, ended: true },
    coherent: false,
  }];
  const checkpoints = {
    instruct: {
      folder: "f",
      stage: "s",
      step: 1,
      parameters: 2,
      weights_bytes: 2,
      memory_bytes: 3,
      instruct: { all, families: { f: all }, answers },
      pairs: { all: pairScore(scored), phenomena: pairScores(scored), scored },
      stories: { all: storyScore(judged), judged },
    },
  };
  const report = { preset: "<i>", made: "2026-01-01T00:00:00Z", device: "d", checkpoints, shortfalls: [] };
  const page = renderReport(report, true, { curves: [], matrices: [], attention: null });
  assert(page.includes("&lt;script&gt;") && page.includes("&lt;img src=x&gt;"));
  assertEquals(page.match(/<script/g)?.length, 1, "its own, which chooses the language");
  assert(!page.includes("<img src=x"));
  assert(page.includes("&lt;u&gt;  -3.00") && page.includes("&lt;s&gt;  -2.00") && !page.includes("<u>"));
  assert(page.includes("&lt;h5&gt;") && page.includes("&lt;em&gt;") && !page.includes("<em>"));
  assert(page.includes("not introduced: Luis; does not agree: la perro</span>"));
  assert(page.includes("sin presentar: Luis; no concuerda: la perro</span>"));
});
