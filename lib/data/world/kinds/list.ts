/** Lists: things to buy, pack and do, where things are, and who has what. */
import type { Kind, WorldFiles } from "../document.ts";
import { and } from "../grammar/conjunctions.ts";
import { definite, indefinite, type Noun, plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import { type Draws, type Fields, type Role, type Roles, VAGUE } from "./draws.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  return readScripts(files, "list", rolesOf(files.lexicon));
}

/** Amounts in which uncountable things are bought, by category. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  bebida: ["un litro de", "una botella de", "dos litros de"],
  grano: ["un kilo de", "medio kilo de", "una bolsa de", "dos kilos de"],
  condimento: ["una bolsa de", "un poco de", "cien gramos de"],
  alimento: ["un kilo de", "medio kilo de", "un pedazo de", "doscientos gramos de"],
};
const BUNCHED = new Set("espinaca acelga berro perejil cilantro albahaca".split(" "));
/** Fruits that nobody buys singly. */
const BERRIES = new Set("uva arándano cereza mora fresa frambuesa aceituna".split(" "));
/** Condiments that are poured. */
const POURED = new Set("aceite vinagre crema salsa".split(" "));
const BOTTLES = ["un frasco de", "una botella de"];
/** What children do not buy. */
const STRONG = new Set("vino cerveza chicha ron".split(" "));
const LINES: readonly ((item: string, i: number) => string)[] = [
  (item) => `- ${item}`,
  (item, i) => `${i + 1}. ${item}`,
];

/** Matches items that begin with a number. */
const COUNTED = new RegExp(
  `^(?:una?|medi[oa]|${Array.from({ length: 8 }, (_, i) => numberWord(i + 2)).join("|")}|cien|doscientos) `,
);

/** Things that come in pairs. */
const PAIRED = new Set(
  "guante mitón calcetín media zapato zueco zapatilla pantufla bota sandalia chancla arete patín".split(" "),
);
const PACKED =
  "linterna brújula cámara libro toalla cepillo|de|dientes peine mapa cuaderno lápiz pelota foto boleto cobija almohada pañuelo"
    .split(" ").map((name) => name.replaceAll("|", " "));
const counts = (word: Word) =>
  word.flags.has("countable") && word.plural !== "-" && plural(word) !== word.singular;

/** Fields with the noun and its verb, "es el lápiz", "son los guantes", and with the noun alone. */
function told(field: string, noun: Noun): Record<string, string> {
  const several = PAIRED.has(noun.singular);
  const the = definite(noun, several ? 2 : 1);
  return { [field]: the, [`es_${field}`]: `${several ? "son" : "es"} ${the}` };
}

function some(noun: Noun, most: number, random: Random): string {
  const n = most === 1 || random.chance(0.4) ? 1 : random.between(2, most);
  if (PAIRED.has(noun.singular)) return `${n === 1 ? "un par" : `${numberWord(n)} pares`} de ${plural(noun)}`;
  return n === 1 ? indefinite(noun, 1) : `${numberWord(n, noun.gender)} ${plural(noun)}`;
}

/** Up to `most` of a thing. */
const several = (thing: (draws: Draws) => Noun, most: number) => (draws: Draws): Item => {
  const noun = thing(draws);
  return item(some(noun, most, draws.random), noun);
};

/** Items one per line, with dashes or numbers. */
function inLines(items: readonly string[], random: Random): string {
  const line = random.pick(LINES);
  return items.map((item, i) => `\n${line(item, i)}`).join("");
}

/** An item: "dos lápices" when it is first named, "los dos lápices" later. */
interface Item {
  readonly text: string;
  readonly the: string;
}

const asIs = (text: string): Item => ({ text, the: text });

function item(text: string, noun: Noun): Item {
  const [first, second] = text.split(" ");
  if (text === indefinite(noun, 1) || text.startsWith("un poco") || !COUNTED.test(text)) {
    return { text, the: definite(noun, 1) };
  }
  if (/^una? /.test(text)) return { text, the: text.replace(/^una /, "la ").replace(/^un /, "el ") };
  if (/^medi[oa] /.test(text)) return { text, the: `${first === "medio" ? "el" : "la"} ${text}` };
  const feminine = second === plural(noun) ? noun.gender === "f" : second.endsWith("as");
  return { text, the: `${feminine ? "las" : "los"} ${text}` };
}

function listed(items: readonly Item[], random: Random): Fields {
  const texts = items.map(({ text }) => text);
  return {
    fields: {
      frase: and(...texts),
      lista: inLines(texts, random),
      primero: texts[0],
      último: texts[texts.length - 1],
      ...one(random.pick(items).the),
      cuántas: numberWord(items.length),
    },
  };
}

/** An item that has been named, and its verb: "es el lápiz", "son los dos lápices". */
const one = (uno: string) => ({ uno, son: /^l[oa]s /.test(uno) ? "son" : "es" });

/** A list of three to six different things. */
function list(draw: (draws: Draws) => Item): Role {
  return (draws) => {
    const items = Array.from({ length: draws.random.between(3, 6) }, () => draw(draws));
    return listed(items, draws.random);
  };
}

/** Three to five pairs of who and what. @param between stands between who and what in a sentence */
function table(draw: (draws: Draws) => readonly [who: string, what: string], between = ", "): Role {
  return (draws) => {
    const { random } = draws;
    const rows = Array.from({ length: random.between(3, 5) }, () => draw(draws));
    return { fields: paired(rows, random, between) };
  };
}

function paired(
  rows: readonly (readonly [string, string])[],
  random: Random,
  between = ", ",
): Record<string, string> {
  const [[who, what], [who2, what2]] = random.sample(rows, 2);
  const told = rows.map((row) => row.join(between));
  const last = told[told.length - 1];
  return {
    puntos: `${told.slice(0, -1).join("; ")}; ${and("", last).trim()}`,
    lista: inLines(rows.map((row) => row.join(": ")), random),
    ...{ quién: who, qué: what, quién2: who2, qué2: what2 },
  };
}

function rolesOf(lexicon: Lexicon): Roles {
  const food = lexicon.flagged("buyable").filter(({ flags, is, singular }) =>
    (flags.has("edible") || flags.has("drinkable")) && !VAGUE.has(singular) && !STRONG.has(singular) &&
    is.singular !== singular
  );
  const groceries = food.filter(({ category }) => category !== "comida");
  const clothes = lexicon.category("ropa").filter(counts);
  const small = lexicon.flagged("small").filter((word) => counts(word) && !word.flags.has("part"));
  const worn = lexicon.category("ropa").filter((word) =>
    counts(word) && word.for.length > 0 && !PAIRED.has(word.singular)
  );
  const packed = [...clothes, ...PACKED.map((name) => lexicon.noun(name)!)];
  const liked = ["fruta", "dulce", "comida"].flatMap((name) => lexicon.category(name))
    .filter((word) => counts(word) && word.is.singular !== word.singular);
  const pick = <T>(words: readonly T[]) => (draws: Draws) => draws.fresh(() => draws.random.pick(words));
  const anyone = ({ casting, random }: Draws) => casting.name(random.pick(["m", "f"] as const));
  const drawn = (draws: Draws, role: string) => String(draws.another(role));
  return {
    compras: list((draws) => {
      const word = pick(groceries)(draws);
      return item(bought(word, draws.random), word);
    }),
    equipaje: list(several(pick(packed), 3)),
    contenido: list(several(pick(small), 6)),
    tareas: list((draws) => asIs(draws.fresh(() => drawn(draws, "tarea")))),
    inventos: list(several(({ casting }) => casting.inventedNoun(), 9)),
    prenda: (draws) => {
      const word = pick(worn)(draws);
      return { fields: { "": word, para: draws.random.pick(word.for) } };
    },
    asientos: table((draws) => [anyone(draws), drawn(draws, "asiento")]),
    regalos: table((draws) => [anyone(draws), some(pick([...small, ...clothes])(draws), 1, draws.random)]),
    turnos: table((draws) => [anyone(draws), drawn(draws, "quehacer")], " "),
    aportes: table((draws) => [
      anyone(draws),
      draws.random.chance(0.5)
        ? bought(pick(food)(draws), draws.random)
        : some(pick(liked)(draws), 4, draws.random),
    ]),
    gustos: table((draws) => {
      const word = pick(liked)(draws);
      return [anyone(draws), `${word.gender === "m" ? "el" : "la"} ${word.singular}`];
    }),
    precios: prices(pick([...small, ...clothes])),
  };
}

function bought(word: Word, random: Random): string {
  if (word.category === "grano" && counts(word)) return `${random.pick(UNITS.grano)} ${plural(word)}`;
  if (BUNCHED.has(word.singular)) return `${random.pick(["un manojo", "dos manojos"])} de ${word.singular}`;
  if (BERRIES.has(word.singular)) return `${random.pick(UNITS.grano)} ${plural(word)}`;
  const poured = POURED.has(word.singular);
  if (counts(word) && !poured) return some(word, 6, random);
  const units = poured ? BOTTLES : UNITS[word.category];
  return units ? `${random.pick(units)} ${word.singular}` : word.singular;
}

/** Things with their prices, all different. */
function prices(thing: (draws: Draws) => Word): Role {
  return (draws) => {
    const { random } = draws;
    const amounts = random.sample(Array.from({ length: 19 }, (_, i) => i + 2), random.between(3, 5));
    const rows = amounts.map((n) => [thing(draws), n] as const);
    const order = rows.toSorted(([, a], [, b]) => a - b).map(([word]) => word);
    const [barato, caro] = [order[0], order[order.length - 1]];
    const shown = rows.map(([word, n]) => [some(word, 1, random), `${numberWord(n, "m")} pesos`] as const);
    return { fields: { ...paired(shown, random), ...told("barato", barato), ...told("caro", caro) } };
  };
}
