/** The first screen of the chat, beside the evaluation of the model that ships. */
import { assert, assertEquals } from "@std/assert";
import { EXAMPLES } from "./page/tour.ts";
import { texts } from "./page/texts.ts";

/** A skill that one question does not show. */
const NEEDS_MORE = "varios-turnos";

Deno.test("every skill that the shipped model was asked about has an example, and a name in both languages", async () => {
  const report = JSON.parse(await Deno.readTextFile("models/small/evaluate/report.json"));
  const families = Object.keys(report.checkpoints.instruct.instruct.families);
  assert(families.includes(NEEDS_MORE));
  const shown = EXAMPLES.filter(({ kind }) => kind === "chat").map(({ skill }) => skill);
  assertEquals(shown.toSorted(), families.filter((family) => family !== NEEDS_MORE).sort());
  for (const skill of shown) {
    for (const language of [texts.es, texts.en]) assert(`skill_${skill}` in language, skill);
  }
});
