/** All kinds of texts and all families of questions, by the names that a preset's `mix` has for them. */
import { load as loadCalendarText } from "./kinds/calendar.ts";
import { load as loadConversation } from "./kinds/conversation.ts";
import { load as loadCount } from "./kinds/count.ts";
import { load as loadDescription } from "./kinds/description.ts";
import { load as loadExplanation } from "./kinds/explanation.ts";
import { load as loadInstruction } from "./kinds/instruction.ts";
import { load as loadLetter } from "./kinds/letter.ts";
import { load as loadList } from "./kinds/list.ts";
import { load as loadNews } from "./kinds/news.ts";
import { load as loadPortrait } from "./kinds/portrait.ts";
import { load as loadRecipe } from "./kinds/recipe.ts";
import { load as loadStory } from "./kinds/story.ts";
import { load as loadArithmetic } from "./questions/arithmetic.ts";
import { load as loadCalendar } from "./questions/calendar.ts";
import { load as loadClassification } from "./questions/classification.ts";
import { load as loadCompletion } from "./questions/completion.ts";
import { load as loadComprehension } from "./questions/comprehension.ts";
import { load as loadConversations } from "./questions/conversations.ts";
import { load as loadExtraction } from "./questions/extraction.ts";
import { load as loadFacts } from "./questions/facts.ts";
import { load as loadGreetings } from "./questions/greetings.ts";
import { load as loadKnowledge } from "./questions/knowledge.ts";
import { load as loadLetters } from "./questions/letters.ts";
import { load as loadProblems } from "./questions/problems.ts";
import { load as loadReasoning } from "./questions/reasoning.ts";
import { load as loadRephrasing } from "./questions/rephrasing.ts";
import { load as loadUnknown } from "./questions/unknown.ts";
import type { Family, Kind, WorldFiles } from "./document.ts";

type Load<T> = (files: WorldFiles) => Promise<T>;

export const KINDS: Readonly<Record<string, Load<Kind>>> = {
  calendars: loadCalendarText,
  conversations: loadConversation,
  counts: loadCount,
  descriptions: loadDescription,
  explanations: loadExplanation,
  instructions: loadInstruction,
  letters: loadLetter,
  lists: loadList,
  news: loadNews,
  portraits: loadPortrait,
  recipes: loadRecipe,
  stories: loadStory,
};

/** One of several families that come from one file. */
const one = (load: Load<Family[]>, name: string): Load<Family> => async (files) =>
  (await load(files)).find((family) => family.name === name)!;

export const FAMILIES: Readonly<Record<string, Load<Family>>> = {
  comprensión: loadComprehension,
  extraer: loadExtraction,
  aritmética: loadArithmetic,
  problemas: loadProblems,
  letras: loadLetters,
  reformular: loadRephrasing,
  calendario: loadCalendar,
  completar: loadCompletion,
  clasificar: loadClassification,
  razonar: loadReasoning,
  conocimiento: loadKnowledge,
  perros: one(loadFacts, "perros"),
  gatos: one(loadFacts, "gatos"),
  capital: one(loadFacts, "capital"),
  saludos: one(loadGreetings, "saludos"),
  identidad: one(loadGreetings, "identidad"),
  "varios-turnos": loadConversations,
  "no-lo-sé": loadUnknown,
};
