/** Layouts of questions and answers in a text, and of a text in a question. */
import type { Turn } from "../../text/prompt.ts";
import { mixesAddress } from "./address.ts";
import type { Document, Exchange } from "./document.ts";
import type { Random } from "./random.ts";

type Layout = (turn: Turn) => string;

const LAYOUTS: readonly (readonly [Layout, number])[] = [
  [({ instruction, response }) => `—${spoken(instruction)}\n—${response}`, 4],
  [({ instruction, response }) => `Pregunta: ${instruction}\nRespuesta: ${response}`, 3],
  [({ instruction, response }) => `${instruction}\n${response}`, 3],
];

/** The text on one line, for dialogue. */
const spoken = (text: string) => text.includes("\n") ? text.replaceAll(/\s*\n\s*/g, " ") : text;

/** Exchanges as text, all in one layout. */
export function exchangesAsText(exchanges: readonly Exchange[], random: Random): string {
  // Not as dialogue if an instruction has dashes of its own: they could not be told apart.
  const speaks = exchanges.some(({ turns }) => turns.some(({ instruction }) => instruction.includes("—")));
  const layout = random.weighted(speaks ? LAYOUTS.slice(1) : LAYOUTS);
  return exchanges.map(({ turns }) => turns.map(layout).join("\n")).join("\n\n");
}

/** A document as text; half of the documents get a few of their questions below. */
export function documentAsText(document: Document, random: Random): string {
  const { text } = document;
  if (!random.chance(0.5)) return text; // questions take time to make
  const n = random.between(1, 4);
  const asked = document.some ? document.some(n) : random.sample(document.questions, n);
  if (asked.length === 0) return text;
  return `${text}\n\n${exchangesAsText(asked, random)}`;
}

const AROUND: readonly ((text: string, question: string, random: Random) => string)[] = [
  (text, question) => `${text}\n${question}`,
  (text, question) => `${text}\n\n${question}`,
  (text, question) => `${question}\n${text}`,
  (text, question) => `${question} «${text}»`,
  (text, question) => `«${text}» ${question}`,
  (text, question) => `Texto: ${text}\nPregunta: ${question}`,
  (text, question, random) =>
    `${random.pick(["Lee y responde", "Lee el texto y contesta", "Lee esto", "Mira este texto"])}: ` +
    `${text}\n${question}`,
];

/** A document with some of its questions: the first is asked with the text, the others follow. */
export function documentAsConversation({ text, questions }: Document, random: Random): Exchange {
  const [first, ...rest] = random.sample(questions, random.weighted([[1, 6], [2, 3], [3, 1]]));
  const [{ instruction, response }, ...more] = first.turns;
  const asked = { instruction: random.pick(AROUND)(text, instruction, random), response };
  const turns = [asked, ...more];
  for (const exchange of rest) {
    const all = [...turns, ...exchange.turns];
    if (!mixesAddress([{ instruction, response }, ...all.slice(1)])) turns.push(...exchange.turns);
  }
  return { family: first.family, turns };
}
