/** Reads the smaller word files. Each function throws a UserError that names file and line. */
import { UserError } from "../../errors.ts";
import { isInfinitive } from "./grammar/verbs.ts";
import { checkInfinitive, noun, wordsOf } from "./lexicon_nouns.ts";
import { byKey, items, oneOf, readTable } from "./table.ts";
import {
  type Adjective,
  CALENDAR,
  type CalendarEntry,
  type Complement,
  COMPLEMENTS,
  CONJUGATIONS,
  type Fact,
  type Feeling,
  type FirstName,
  type Profession,
  type Relation,
  type Relative,
  SAID_OF,
  type Town,
  type Verb,
  type Weather,
  type Word,
} from "./words.ts";

export async function readVerbs(folder: string): Promise<Map<string, Verb>> {
  const columns = ["verb", "conjugation", "takes", "progressive", "group", "opposite"] as const;
  const entries = (await readTable(`${folder}/verbs.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    if (!isInfinitive(cells.verb)) throw new UserError(`${where}: "${cells.verb}" is no infinitive`);
    const verb: Verb = {
      infinitive: cells.verb,
      conjugation: oneOf(CONJUGATIONS, cells.conjugation, "conjugation", where),
      takes: items(cells.takes).map((pattern) => pattern.split("+").map((part) => complement(part, where))),
      progressive: oneOf(["yes", "no"], cells.progressive, "value of progressive", where) === "yes",
      group: cells.group,
      ...opposite(cells.opposite),
    };
    return [row, verb] as const;
  });
  const verbs = byKey(entries, ({ infinitive }) => infinitive);
  for (const [{ where }, { opposite }] of entries) if (opposite) checkInfinitive(opposite, verbs, where);
  return verbs;
}

/** "thing", or "con person". */
function complement(text: string, where: string): Complement {
  const [, preposition, kind] = /^(?:(.*) )?(.*)$/.exec(text.trim())!;
  return { kind: oneOf(COMPLEMENTS, kind, "complement", where), ...(preposition && { preposition }) };
}

export async function readAdjectives(folder: string): Promise<Map<string, Adjective>> {
  const columns = ["adjective", "opposite", "said of", "category", "copula"] as const;
  const entries = (await readTable(`${folder}/adjectives.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    const adjective: Adjective = {
      word: cells.adjective,
      ...opposite(cells.opposite),
      saidOf: new Set(
        items(cells["said of"]).map((kind) => oneOf(SAID_OF, kind, "subject of adjectives", where)),
      ),
      category: cells.category,
      copula: oneOf(["ser", "estar", "both"], cells.copula, "copula", where),
    };
    if (adjective.category === "") throw new UserError(`${where}: "${adjective.word}" has no category`);
    return [row, adjective] as const;
  });
  const adjectives = byKey(entries, ({ word }) => word);
  for (const [{ where }, { opposite }] of entries) if (opposite) checkAdjective(opposite, adjectives, where);
  return adjectives;
}

/** "descontento", or "descontento?" if another word is just as good an opposite. */
function opposite(cell: string): { opposite?: string; oneOfSeveral?: true } {
  if (cell === "") return {};
  return cell.endsWith("?") ? { opposite: cell.slice(0, -1), oneOfSeveral: true } : { opposite: cell };
}

function checkAdjective(word: string, adjectives: ReadonlyMap<string, Adjective>, where: string): void {
  if (adjectives.has(word)) return;
  throw new UserError(
    `${where}: "${word}" is not in adjectives.tsv; add it there, or correct the spelling here`,
  );
}

/** people.tsv or pets.tsv. */
export async function readNames(path: string): Promise<FirstName[]> {
  const entries = (await readTable(path, ["name", "gender"])).map((row) => {
    const { where, cells } = row;
    return [row, { name: cells.name, gender: oneOf(["m", "f"], cells.gender, "gender", where) }] as const;
  });
  return [...byKey(entries, ({ name }) => name).values()];
}

export async function readSurnames(folder: string): Promise<string[]> {
  const rows = await readTable(`${folder}/surnames.tsv`, ["surname"]);
  return [...byKey(rows.map((row) => [row, row.cells.surname] as const), (surname) => surname).values()];
}

export async function readTowns(folder: string): Promise<Town[]> {
  const entries = (await readTable(`${folder}/towns.tsv`, ["town", "country"])).map((row) => {
    const { where, cells } = row;
    if (cells.country === "") throw new UserError(`${where}: "${cells.town}" has no country`);
    return [row, { name: cells.town, country: cells.country }] as const;
  });
  return [...byKey(entries, ({ name }) => name).values()];
}

export async function readProfessions(
  folder: string,
  nouns: ReadonlyMap<string, Word>,
): Promise<Profession[]> {
  const columns = ["masculine", "feminine", "places", "does", "tools"] as const;
  const entries = (await readTable(`${folder}/professions.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    const profession: Profession = {
      masculine: cells.masculine,
      feminine: cells.feminine,
      places: wordsOf(cells.places, nouns, where).map((place) => checkPlace(place, where)),
      does: items(cells.does),
      tools: wordsOf(cells.tools, nouns, where),
    };
    if (profession.does.length === 0) {
      throw new UserError(`${where}: what does "${cells.masculine}" do? Fill in does`);
    }
    return [row, profession] as const;
  });
  return [...byKey(entries, ({ masculine }) => masculine).values()];
}

function checkPlace(place: Word, where: string): Word {
  if (place.flags.has("place")) return place;
  throw new UserError(`${where}: "${place.singular}" is no place; give it the flag "place" in nouns.tsv`);
}

export async function readFamily(folder: string): Promise<Relative[]> {
  const columns = ["masculine", "feminine", "means", "inverse"] as const;
  const entries = (await readTable(`${folder}/family.tsv`, columns)).map((row) => [row, row.cells] as const);
  const family = byKey(entries, ({ masculine }) => masculine);
  for (const [{ where }, { inverse }] of entries) {
    if (!family.has(inverse)) {
      throw new UserError(`${where}: "${inverse}" is not in family.tsv; add a line for it`);
    }
  }
  return [...family.values()];
}

export async function readFeelings(
  folder: string,
  adjectives: ReadonlyMap<string, Adjective>,
): Promise<Feeling[]> {
  const columns = ["feeling", "gender", "adjective", "signs", "causes"] as const;
  const entries = (await readTable(`${folder}/feelings.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    checkAdjective(cells.adjective, adjectives, where);
    const feeling: Feeling = {
      ...noun(cells.feeling, cells.gender, "", where),
      adjective: cells.adjective,
      signs: items(cells.signs),
      causes: items(cells.causes),
    };
    return [row, feeling] as const;
  });
  return [...byKey(entries, ({ singular }) => singular).values()];
}

export async function readWeather(folder: string, nouns: ReadonlyMap<string, Word>): Promise<Weather[]> {
  const columns = ["weather", "gender", "verb", "adjective", "wear"] as const;
  const entries = (await readTable(`${folder}/weather.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    const weather: Weather = {
      ...noun(cells.weather, cells.gender, "", where),
      verb: cells.verb,
      adjective: cells.adjective,
      wear: wordsOf(cells.wear, nouns, where),
    };
    return [row, weather] as const;
  });
  return [...byKey(entries, ({ singular }) => singular).values()];
}

export async function readCalendar(folder: string): Promise<CalendarEntry[]> {
  const columns = ["name", "gender", "plural", "kind", "order", "notes"] as const;
  const entries = (await readTable(`${folder}/calendar.tsv`, columns)).map((row) => {
    const { where, cells } = row;
    if (!/^[1-9]\d?$/.test(cells.order)) {
      throw new UserError(`${where}: the order is "${cells.order}"; expected 1, 2, 3, …`);
    }
    const entry: CalendarEntry = {
      ...noun(cells.name, cells.gender, cells.plural, where),
      kind: oneOf(CALENDAR, cells.kind, "kind", where),
      order: Number(cells.order),
      notes: items(cells.notes),
    };
    return [row, entry] as const;
  });
  const calendar = [...byKey(entries, ({ kind, singular }) => `${kind} ${singular}`).values()];
  return calendar.toSorted((a, b) => a.order - b.order);
}

/** knowledge.tsv, and relations.tsv with the wordings of its questions and answers. */
export async function readKnowledge(
  folder: string,
): Promise<{ relations: Map<string, Relation>; knowledge: Fact[] }> {
  const relations = await readRelations(folder);
  const entries = (await readTable(`${folder}/knowledge.tsv`, ["subject", "relation", "object"])).map(
    (row) => {
      const { where, cells } = row;
      const relation = relations.get(cells.relation);
      if (!relation) {
        throw new UserError(
          `${where}: unknown relation "${cells.relation}"; add its wordings to relations.tsv`,
        );
      }
      if (cells.object === "") throw new UserError(`${where}: the object is empty`);
      return [row, { subject: cells.subject, relation, object: cells.object }] as const;
    },
  );
  const facts = byKey(entries, ({ subject, relation }) => `${subject} ${relation.name}`);
  return { relations, knowledge: [...facts.values()] };
}

async function readRelations(folder: string): Promise<Map<string, Relation>> {
  const kinds = ["ask", "answer", "short", "ask subject", "answer subject", "short subject"] as const;
  const path = `${folder}/relations.tsv`;
  const rows = await readTable(path, ["relation", "kind", "wording"]);
  for (const { where, cells } of rows) {
    const kind = oneOf(kinds, cells.kind, "kind of wording", where);
    const slots = [...cells.wording.matchAll(/\{(.*?)\}/g)].map(([, name]) => name);
    const unknown = slots.find((name) => !["s", "S", "o", "O"].includes(name));
    if (unknown !== undefined) {
      throw new UserError(`${where}: unknown slot {${unknown}}; expected {s}, {S}, {o} or {O}`);
    }
    const own = kind.startsWith("ask") ? (kind === "ask" ? /^s$/i : /^o$/i) : null;
    if (own && !(slots.length > 0 && slots.every((slot) => own.test(slot)))) {
      throw new UserError(
        `${where}: "${kind}" names {${kind === "ask" ? "s" : "o"}} and nothing else of the fact`,
      );
    }
  }
  const relations = Map.groupBy(rows, ({ cells }) => cells.relation);
  return new Map(
    [...relations].map(([name, own]) => {
      const wordings = (kind: typeof kinds[number]) =>
        own.filter(({ cells }) => cells.kind === kind).map(({ cells }) => cells.wording);
      const relation: Relation = {
        name,
        ask: wordings("ask"),
        answer: wordings("answer"),
        short: wordings("short"),
        askSubject: wordings("ask subject"),
        answerSubject: wordings("answer subject"),
        shortSubject: wordings("short subject"),
      };
      const half = relation.askSubject.length > 0 !== relation.answerSubject.length > 0;
      if (relation.ask.length === 0 || relation.answer.length === 0 || half) {
        throw new UserError(
          `${own[0].where}: "${name}" lacks a wording to ask or one to answer; add it to relations.tsv`,
        );
      }
      return [name, relation];
    }),
  );
}
