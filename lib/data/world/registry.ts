/** All kinds of texts and all families of questions, by their names in a preset's `mix`. */
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
import { load as loadThought } from "./kinds/thought.ts";
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
import { type Family, type Kind, once, type WorldFiles } from "./document.ts";
import { load as loadPatterns } from "./patterns/patterns.ts";

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
  thoughts: loadThought,
};

/** One of several families that come from one file, which is read once. */
const one = (load: Load<Family[]>, name: string): Load<Family> => async (files) =>
  (await load(files)).find((family) => family.name === name)!;

const facts = once(loadFacts), greetings = once(loadGreetings);

/** Skills, as `data/instruct` names them. */
const SKILLS: Readonly<Record<string, Load<Family>>> = {
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
  perros: one(facts, "perros"),
  gatos: one(facts, "gatos"),
  capital: one(facts, "capital"),
  saludos: one(greetings, "saludos"),
  identidad: one(greetings, "identidad"),
  "varios-turnos": loadConversations,
  "no-lo-sé": loadUnknown,
};

export const FAMILIES: Readonly<Record<string, Load<Family>>> = {
  ...SKILLS,
  patrones: (files) => loadPatterns(files, Object.keys(SKILLS)),
};

/** Default shares in texts. Kinds with little variety are rare. */
export const MIX_OF_TEXTS: Readonly<Record<string, number>> = {
  ...{
    stories: 0.28,
    thoughts: 0.08,
    letters: 0.04,
    portraits: 0.02,
    conversations: 0.02,
    news: 0.02,
    descriptions: 0.03,
    explanations: 0.02,
  },
  ...{ lists: 0.02, instructions: 0.015, counts: 0.02, calendars: 0.015, recipes: 0.02 },
  ...{ extraer: 0.06, comprensión: 0.06, problemas: 0.03, razonar: 0.03, aritmética: 0.02, letras: 0.02 },
  ...{ reformular: 0.02, calendario: 0.02, completar: 0.02, clasificar: 0.02, "varios-turnos": 0.02 },
  ...{ conocimiento: 0.01, "no-lo-sé": 0.005, patrones: 0.06 },
  ...{ perros: 0.001, gatos: 0.001, capital: 0.001, saludos: 0.001, identidad: 0.001 },
};

/** Default shares in conversations. */
export const MIX_OF_CONVERSATIONS: Readonly<Record<string, number>> = {
  patrones: 0.2,
  ...{ extraer: 0.08, comprensión: 0.08, problemas: 0.07, razonar: 0.06, "varios-turnos": 0.06 },
  ...{
    aritmética: 0.05,
    letras: 0.05,
    reformular: 0.05,
    calendario: 0.05,
    completar: 0.04,
    clasificar: 0.04,
  },
  ...{ conocimiento: 0.04, "no-lo-sé": 0.04 },
  ...{ perros: 0.015, gatos: 0.015, capital: 0.02, saludos: 0.02, identidad: 0.02 },
};

/** Default shares in pairs for preferences: mostly questions that invite inventing, and questions about a text. */
export const MIX_OF_PREFERENCES: Readonly<Record<string, number>> = {
  ...{
    "no-lo-sé": 0.3,
    extraer: 0.2,
    comprensión: 0.15,
    razonar: 0.08,
    problemas: 0.06,
    "varios-turnos": 0.05,
  },
  ...{ conocimiento: 0.05, clasificar: 0.03, calendario: 0.02, aritmética: 0.02, reformular: 0.01 },
  ...{ letras: 0.01, completar: 0.01, perros: 0.003, gatos: 0.003, capital: 0.004 },
};
