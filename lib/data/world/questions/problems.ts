/** Word problems: people gain, lose, share, compare and pay; and lists to count. */
import type { Family, WorldFiles } from "../document.ts";
import { agree } from "../grammar/adjectives.ts";
import { and } from "../grammar/conjunctions.ts";
import { indefinite, type Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { countingTasks } from "./lists.ts";
import { moneyTasks } from "./money.ts";
import { steps } from "./operations.ts";
import { nouns, Scene, type Things, thingsOf, TIMES } from "./scene.ts";
import { type Bindings, familyOf, type Task } from "./tasks.ts";

/** Two numbers of at least 1 with a sum of at most 20. */
function parts(random: Random): [n: number, m: number] {
  const sum = random.between(2, random.weighted([[20, 3], [10, 2]]));
  const n = random.between(1, sum - 1);
  return [n, sum - n];
}

/** A number up to 20 and a smaller one, or now and then an equal one. */
function wholeAndPart(random: Random): [n: number, m: number] {
  const [part, rest] = parts(random);
  return random.chance(0.06) ? [part, part] : [part + rest, part];
}

type Draw = (scene: Scene, things: Things) => Bindings;

const gain: Draw = (scene, { owned }) => {
  const [n, m] = parts(scene.random);
  return scene.bindings(scene.thing(owned), { n, m }, n + m, steps("+", [n, m]));
};

const lose: Draw = (scene, { owned }) => lessen(scene, scene.thing(owned));
const eat: Draw = (scene, { eaten }) => lessen(scene, scene.casting.noun(eaten));

function lessen(scene: Scene, x: Noun): Bindings {
  const [n, m] = wholeAndPart(scene.random);
  return scene.bindings(x, { n, m }, n - m, steps("-", [n, m]));
}

const gainAndLose: Draw = (scene, { owned }) => {
  const [n, m] = parts(scene.random);
  const k = scene.random.between(1, n + m - 1);
  const r = n + m - k;
  return scene.bindings(scene.thing(owned), { n, m, k }, r, steps("+-", [n, m, k]));
};

const unequal: Draw = (scene, things) => {
  const [n, m] = scene.random.shuffle(wholeAndPart(scene.random));
  if (n === m) return unequal(scene, things);
  const [high, low] = [Math.max(n, m), Math.min(n, m)];
  const { a, c, numerals } = scene;
  const [most, least] = n > m ? [a, c] : [c, a];
  return {
    ...scene.bindings(
      scene.thing(things.owned),
      { n, m },
      high - low,
      steps("-", [high, low]),
    ),
    ...{ most, least, mostN: numerals.number(high), leastN: numerals.number(low) },
  };
};

const twice: Draw = (scene, { owned }) => {
  const n = scene.random.between(1, 10);
  const x = scene.thing(owned);
  if (scene.random.chance(0.3)) {
    return { ...scene.bindings(x, { n: 2 * n }, n, steps("÷", [2 * n, 2])), much: "la mitad" };
  }
  const factor = scene.random.chance(0.7) ? 2 : 3;
  const much = factor === 2 ? "el doble" : "el triple";
  return { ...scene.bindings(x, { n }, n * factor, steps("×", [n, factor])), much };
};

/** What was there before, or what was added: at least 1. */
const difference: Draw = (scene, { owned }) => {
  const [r, m] = parts(scene.random);
  return scene.bindings(scene.thing(owned), { n: r + m, m }, r, steps("-", [r + m, m]));
};

const PEOPLE: readonly Noun[] = [
  ...nouns("m", "amigo niño primo hermano vecino compañero nieto"),
  ...nouns("f", "amiga niña prima hermana vecina compañera nieta"),
];

const share: Draw = (scene, { owned }) => {
  const { random, numerals } = scene;
  const [k, r] = [random.between(2, 5), random.between(1, 6)];
  const noun = random.pick(PEOPLE);
  const named = random.chance(0.4);
  const people = named ? and(...Array.from({ length: k }, () => scene.name())) : numerals.count(k, noun);
  return {
    ...scene.bindings(scene.thing(owned), { n: k * r }, r, steps("÷", [k * r, k])),
    ...{ people, one: named || noun.gender === "m" ? "uno" : "una", k: numerals.number(k) },
  };
};

const BOXES: readonly Noun[] = [
  ...nouns("f", "caja bolsa canasta mesa mochila bandeja maleta"),
  ...nouns("m", "cajón cofre estante paquete saco canasto baúl"),
];

const groups: Draw = (scene, { owned }) => {
  const { random, numerals } = scene;
  const [k, n] = [random.between(2, 5), random.between(2, 6)];
  const box = random.pick(BOXES);
  return {
    ...scene.bindings(scene.thing(owned), { n }, k * n, steps("×", [k, n])),
    ...{ ks: numerals.count(k, box), box: box.singular, one: box.gender === "f" ? "una" : "uno" },
    k: numerals.number(k),
  };
};

const PLACES: readonly (readonly [place: string, people: readonly Noun[]])[] = [
  ["en el salón", [...nouns("m", "niño alumno"), ...nouns("f", "niña alumna")]],
  ["en el autobús", [...nouns("m", "pasajero señor"), ...nouns("f", "pasajera señora")]],
  ["en la fiesta", [...nouns("m", "invitado vecino primo"), ...nouns("f", "invitada vecina")]],
  ["en el parque", [...nouns("m", "niño perro corredor"), ...nouns("f", "niña paloma ardilla")]],
  ["en la fila", [...nouns("m", "señor cliente"), ...nouns("f", "señora persona")]],
  ["en la biblioteca", [...nouns("m", "lector estudiante"), ...nouns("f", "lectora")]],
  ["en el lago", [...nouns("m", "pato cisne ganso bote"), ...nouns("f", "lancha")]],
  ["en la rama", [...nouns("m", "pájaro loro mono"), ...nouns("f", "paloma ardilla")]],
  ["en el corral", [...nouns("m", "pollito cerdo"), ...nouns("f", "gallina cabra oveja")]],
  ["en el estacionamiento", [...nouns("m", "carro camión"), ...nouns("f", "moto bicicleta")]],
];

/** People, animals or vehicles that come to a place or leave it. */
const crowd = (arrive: boolean): Draw => (scene) => {
  const { random } = scene;
  const [place, people] = random.pick(PLACES);
  const m = random.between(2, 9); // "llegan dos más", never "llega"
  const n = arrive ? random.between(1, 12) : m + random.between(0, 9);
  const r = arrive ? n + m : n - m;
  const op = steps(arrive ? "+" : "-", [n, m]);
  return { ...scene.bindings(random.pick(people), { n, m }, r, op), place };
};

const colours: Draw = (scene, { coloured }) => {
  const { random } = scene;
  const [m, r] = [random.between(2, 9), random.between(1, 9)];
  const [colour, hue] = random.sample(
    ["rojo", "azul", "verde", "amarillo", "blanco", "negro", "gris", "morado"],
    2,
  );
  const x = scene.thing(coloured);
  return {
    ...scene.bindings(x, { n: m + r, m }, r, steps("-", [m + r, m])),
    ...{ colour, hue, hues: agree(hue, x.gender, r === 1 ? 1 : 2) },
  };
};

const DOES: readonly (readonly [verb: string, nouns: readonly Noun[]])[] = [
  ["lee", [...nouns("f", "página"), ...nouns("m", "cuento libro")]],
  ["camina", nouns("m", "kilómetro")],
  ["corre", nouns("f", "vuelta hora")],
  ["escribe", [...nouns("f", "carta página"), ...nouns("m", "poema")]],
  ["hornea", [...nouns("m", "pan pastel"), ...nouns("f", "galleta")]],
  ["planta", [...nouns("m", "árbol rosal"), ...nouns("f", "semilla")]],
  ["dibuja", [...nouns("m", "caballo barco"), ...nouns("f", "casa flor")]],
  ["aprende", [...nouns("f", "palabra canción"), ...nouns("m", "verso")]],
  ["resuelve", nouns("m", "problema acertijo")],
  ["lava", [...nouns("m", "plato carro"), ...nouns("f", "camisa")]],
  ["cose", [...nouns("f", "camisa falda"), ...nouns("m", "vestido")]],
  ["recoge", [...nouns("m", "huevo limón"), ...nouns("f", "manzana flor")]],
];

const rate: Draw = (scene) => {
  const { random, numerals } = scene;
  const [does, done] = random.pick(DOES);
  const x = random.pick(done);
  const [n, k] = [random.between(2, 6), random.between(2, 5)];
  const time = random.pick(TIMES);
  return {
    ...scene.bindings(x, { n }, n * k, steps("×", [n, k])),
    ...{ does, time: time.singular, times: numerals.count(k, time), k: numerals.number(k) },
  };
};

/** Animals with parts whose number is known. */
function partsOf(lexicon: Lexicon): Draw {
  const animals = lexicon.category("animal").flatMap((animal) =>
    animal.parts.filter(({ count = 0 }) => count > 1).map(({ count, noun }) => ({ animal, count, noun }))
  );
  return (scene) => {
    const { random, numerals } = scene;
    const { animal, count = 0, noun } = random.pick(animals);
    const k = random.between(2, 5);
    return {
      ...scene.bindings(noun, { n: count }, k * count, steps("×", [k, count])),
      ...{ animals: numerals.count(k, animal), animal: indefinite(animal, 1), k: numerals.number(k) },
      one: animal.gender === "f" ? "una" : "uno",
    };
  };
}

/** The tasks of a lexicon. */
export function tasksOf(lexicon: Lexicon): readonly Task[] {
  const things = thingsOf(lexicon);
  const task = (name: string, weight: number, draw: Draw): Task => ({
    ...{ name, weight, preface: "preface" },
    draw: (random) => draw(new Scene(lexicon, random), things),
  });
  return [
    task("gain", 8, gain),
    task("gain of mine", 5, gain),
    task("lose", 8, lose),
    task("lose of mine", 5, lose),
    task("eat", 5, eat),
    task("gain and lose", 5, gainAndLose),
    task("together", 6, gain),
    task("how many more", 4, unequal),
    task("who has more", 4, unequal),
    task("who has fewer", 3, unequal),
    task("more than", 3, gain),
    task("fewer than", 3, lose),
    task("twice", 3, twice),
    task("change unknown", 4, difference),
    task("start unknown", 3, difference),
    task("share", 5, share),
    task("groups", 5, groups),
    task("come", 3, crowd(true)),
    task("leave", 3, crowd(false)),
    task("colours", 3, colours),
    task("rate", 3, rate),
    task("parts", 4, partsOf(lexicon)),
    ...moneyTasks(lexicon, things),
    ...countingTasks(lexicon),
  ];
}

export function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "problemas", file: "problems", tasks: tasksOf(files.lexicon) });
}
