/** All kinds of texts and all families of questions, by the names that a preset's `mix` has for them. */
import { load as loadDescription } from "./kinds/description.ts";
import { load as loadExplanation } from "./kinds/explanation.ts";
import { load as loadInstruction } from "./kinds/instruction.ts";
import { load as loadLetter } from "./kinds/letter.ts";
import { load as loadStory } from "./kinds/story.ts";
import { load as loadComprehension } from "./questions/comprehension.ts";
import type { Family, Kind, WorldFiles } from "./document.ts";

type Load<T> = (files: WorldFiles) => Promise<T>;

export const KINDS: Readonly<Record<string, Load<Kind>>> = {
  descriptions: loadDescription,
  explanations: loadExplanation,
  instructions: loadInstruction,
  letters: loadLetter,
  stories: loadStory,
};

export const FAMILIES: Readonly<Record<string, Load<Family>>> = {
  comprensión: loadComprehension,
};
