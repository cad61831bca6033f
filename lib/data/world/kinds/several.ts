/**
 * Roles that may be singular or plural: things and their owners, parts and wholes, animals, places, tasks with things.
 * Sentences with them show agreement, with as many different words as the lexicon has.
 */
import { type Entity, entity, type EntityKind } from "../entity.ts";
import { definite, type Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import { type Fields, type Role, type Roles, VAGUE } from "./draws.ts";

/** Share of pairs that differ in number: "la caja de los libros", where the nearer noun misleads. */
const UNEQUAL = 0.8;
/** Verbs that are no sensible tasks. */
const UNWANTED = new Set(
  "romper perder pisar evitar imaginar trepar tirar jugar llamar quemar volar dar".split(" "),
);
/** Categories of places where nothing is bought, kept or lost. */
const NO_SITES = new Set(["evento", "paisaje"]);
/** Relatives that many have, and that several people may share. */
const CLOSE = new Set("padre hermano abuelo tío primo padrino".split(" "));
const FRIENDS: readonly Noun[] = [
  ...[["amigo", "amiga"], ["vecino", "vecina"], ["compañero", "compañera"], ["maestro", "maestra"]],
  ...[["socio", "socia"], ["invitado", "invitada"], ["ayudante", "ayudante"], ["médico", "médica"]],
].flatMap(([masculine, feminine]) => pair(masculine, feminine));
/** Verbs for skills that one learns. */
const SKILLS = new Set(
  "tocar afinar afilar reparar manejar pilotar montar tejer coser bordar planchar podar sembrar plantar cosechar hornear freír cocinar preparar asar armar zurcir dibujar escribir construir pintar amasar ordeñar rallar moler batir tallar trazar recitar"
    .split(" "),
);
/** Food categories that are told in the plural ("los tomates"); other food is singular in any amount ("la leche"). */
const NUMBERED = new Set(["verdura", "comida", "dulce", "planta", "grano"]);
/** A person who does not do, own or want what others do. */
const TOO_YOUNG = "bebé";

type Number = 1 | 2;

/** {gente}, {pieza} of {pieza_de}, {tarea} and others; the comments in `data/world/kinds/thought.yaml` explain them. */
export function severalRoles(lexicon: Lexicon): Roles {
  const useful = lexicon.nouns.filter(({ singular, plural, flags }) =>
    flags.has("buyable") && flags.has("countable") && !flags.has("edible") && !flags.has("drinkable") &&
    !flags.has("part") && !flags.has("pair") && plural !== "-" && !VAGUE.has(singular)
  );
  const places = lexicon.nouns.filter(({ singular, category, flags, plural }) =>
    flags.has("place") && !NO_SITES.has(category) && !VAGUE.has(singular) && plural !== "-"
  );
  const landscapes = lexicon.category("paisaje").filter(({ singular }) => !VAGUE.has(singular));
  const animals = lexicon.category("animal").filter(({ singular }) => !VAGUE.has(singular));
  const foods = ["fruta", "verdura", "comida", "dulce"].flatMap((name) => lexicon.category(name))
    .filter(({ singular }) => !VAGUE.has(singular));
  const persons: Noun[] = [
    ...lexicon.category("persona").filter(({ singular, plural }) => singular !== TOO_YOUNG && plural !== "-"),
    ...lexicon.professions.flatMap(({ masculine, feminine }) => pair(masculine, feminine)),
  ];
  const relatives = [
    ...lexicon.family.filter(({ masculine }) => CLOSE.has(masculine)).flatMap(({ masculine, feminine }) =>
      pair(masculine, feminine)
    ),
    ...FRIENDS,
  ];
  const wholes = [...useful, ...animals].filter(({ parts }) => parts.length > 0);
  const tasks = lexicon.nouns.flatMap((noun) =>
    noun.flags.has("part") || noun.flags.has("pair") ||
      (noun.flags.has("alive") && !noun.categories.has("planta"))
      ? []
      : noun.uses.filter((use) => !UNWANTED.has(use)).map((use) => ({ noun, use }))
  );
  const skills = tasks.filter(({ use }) => SKILLS.has(use));
  /** A noun from a list, in singular or plural. */
  const any = (kind: EntityKind, among: readonly Noun[]): Role => (draws) =>
    several(kind, draws.fresh(() => draws.random.pick(among)), draws.random.pick([1, 2]));
  return {
    bicho: any("animal", animals),
    sitio: any("place", places),
    paraje: any("place", landscapes),
    manjar: any("thing", foods),
    gente: any("person", persons),
    quien: (draws) => several("person", draws.fresh(() => draws.random.pick(persons)), 1),
    quienes: (draws) => several("person", draws.fresh(() => draws.random.pick(persons)), 2),
    pieza: owned("thing", useful, persons),
    allegado: owned("person", relatives, persons),
    trozo: (draws) => {
      const { random } = draws;
      const whole = draws.fresh(() => random.pick(wholes));
      const part = random.pick(whole.parts);
      const number = part.plural ? 2 : 1;
      return {
        fields: {
          "": several("thing", part.noun, number),
          de: several(whole.flags.has("alive") ? "animal" : "thing", whole, other(number, random)),
        },
      };
    },
    tarea: ({ random }) => tasked(random.pick(tasks), random),
    habilidad: ({ random }) => tasked(random.pick(skills), random),
  };
}

function pair(masculine: string, feminine: string): Noun[] {
  return [{ singular: masculine, gender: "m" }, { singular: feminine, gender: "f" }];
}

/** A noun with its owner: {pieza} of {pieza_de}. */
const owned =
  (kind: EntityKind, nouns: readonly Noun[], owners: readonly Noun[]): Role => (draws): Fields => {
    const { random } = draws;
    const head = several(kind, draws.fresh(() => random.pick(nouns)), random.pick([1, 2]));
    const owner = draws.fresh(() => random.pick(owners));
    return { fields: { "": head, de: several("person", owner, other(head.number ?? 1, random)) } };
  };

const numbered = ({ flags, category, plural }: Word) =>
  plural !== "-" && (flags.has("countable") || NUMBERED.has(category));

/** "afilar los cuchillos", "batir la crema" */
const tasked = ({ noun, use }: { noun: Word; use: string }, random: Random): string =>
  `${use} ${definite(noun, numbered(noun) ? random.pick([1, 2]) : 1)}`;

/** An entity in the given number, or in the singular if the noun has no plural. */
const several = (kind: EntityKind, noun: Noun, number: Number): Entity =>
  entity({ kind, noun, number: noun.plural === "-" ? 1 : number });

const other = (number: Number, random: Random): Number =>
  random.chance(UNEQUAL) ? (3 - number) as Number : number;
