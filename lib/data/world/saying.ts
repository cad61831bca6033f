import type { Discourse } from "./discourse.ts";
import type { Entity } from "./entity.ts";
import type { Random } from "./random.ts";

export interface Speech {
  readonly text: string;
  /** The speaker's name, not capitalised; empty for a narrator. */
  readonly mention: () => string;
  /** A verb of saying in the tense of the text. */
  readonly verb: (infinitive: string) => string;
  readonly dash: boolean;
  readonly speaker: Entity | undefined;
  readonly discourse: Discourse;
  readonly random: Random;
}

/** @param said the speech before the verb, or all of it */
function verbOf({ text, speaker, discourse, random }: Speech, said: string): string {
  const answers = discourse.asked !== undefined && discourse.asked !== speaker;
  discourse.asked = text.endsWith("?") ? speaker : undefined;
  if (said.endsWith("?")) return "preguntar";
  if (said.endsWith("!")) return random.weighted([["exclamar", 5], ["gritar", 2], ["decir", 3]]);
  if (answers) return random.weighted([["contestar", 4], ["responder", 4], ["decir", 2]]);
  if (said.length < 40) return "decir";
  return random.weighted([["decir", 14], ["comentar", 2], ["explicar", 2], ["asegurar", 1]]);
}

const joined = (...words: string[]) => words.filter(Boolean).join(" ");

/** Writes direct speech with its verb of saying, in Spanish punctuation. */
export function saidBy(speech: Speech): string {
  const { random, dash } = speech;
  const text = speech.text.trim();
  // The same speaker goes on; a second dash would mean another speaker.
  const goesOn = dash && speech.speaker !== undefined && speech.discourse.spoke === speech.speaker;
  const first = dash && !goesOn ? /^[^.?!]*[.?!]+(?= )/.exec(text)?.[0] : undefined;
  const split = first !== undefined && !first.endsWith("..") && random.chance(0.5);
  const saying = verbOf({ ...speech, text }, split ? first : text);
  const verb = speech.verb(
    goesOn && saying === "decir" ? random.pick(["añadir", "agregar", "decir"]) : saying,
  );
  const name = speech.mention();
  const bare = text.endsWith(".") && !text.endsWith("..") ? text.slice(0, -1) : text;
  if (!dash) {
    const inner = bare.replaceAll("«", "“").replaceAll("»", "”");
    return random.chance(0.6) ? `${joined(name, verb)}: «${inner}».` : `«${inner}», ${joined(verb, name)}.`;
  }
  if (goesOn) return `${random.pick(["Y", "Luego", "Después"])} ${verb}:\n—${text}`;
  if (split) {
    const shown = first.endsWith(".") ? first.slice(0, -1) : first;
    return `—${shown} —${joined(verb, name)}—. ${text.slice(first.length + 1)}`;
  }
  if (random.chance(0.15)) return `${joined(name, verb)}:\n—${text}`;
  return `—${bare} —${joined(verb, name)}.`;
}
