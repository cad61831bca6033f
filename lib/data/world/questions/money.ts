/** Word problems about prices, change and savings. */
import type { Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import { steps, worked } from "./operations.ts";
import { nouns, Scene, type Things, TIMES } from "./scene.ts";
import type { Bindings, Task } from "./tasks.ts";

const MONEY: readonly Noun[] = [
  ...nouns("m", "peso colón sol dólar euro quetzal lempira bolívar córdoba guaraní centavo"),
  ...nouns("f", "moneda"),
];

/** Bindings of the thing that is bought, and of amounts of money by name. */
function paid(scene: Scene, x: Noun, amounts: Readonly<Record<string, number>>, op = ""): Bindings {
  const { random, numerals } = scene;
  const money = random.pick(MONEY);
  const counted = Object.fromEntries(
    Object.entries(amounts).map(([name, n]) => [name, numerals.count(n, money)]),
  );
  return {
    ...scene.bindings(x, {}, amounts.total),
    ...counted,
    ...op !== "" && { op, working: worked(op, counted.total) },
    ...{ one: x.gender === "f" ? "una" : "uno" },
  };
}

function price(scene: Scene, { owned }: Things): Bindings {
  const [p, k] = [scene.random.between(1, 10), scene.random.between(2, 6)];
  const x = scene.thing(owned);
  const { numerals } = scene;
  return {
    ...paid(scene, x, { p, total: p * k }, steps("×", [k, p])),
    ...{ k: numerals.alone(k, x.gender), kx: numerals.count(k, x) },
  };
}

function change(scene: Scene, { owned }: Things): Bindings {
  const { random } = scene;
  const q = random.weighted([[random.between(3, 20), 3], [10, 1], [20, 1]]);
  const p = random.between(1, q - 1);
  return paid(scene, scene.thing(owned), { p, q, total: q - p }, steps("-", [q, p]));
}

function afford(scene: Scene, { owned }: Things): Bindings {
  const { random } = scene;
  const p = random.between(2, 20);
  const enough = random.chance(0.5);
  const q = enough ? p + random.between(1, 9) : Math.max(1, p - random.between(1, 9));
  const bindings = paid(scene, scene.thing(owned), { p, q, total: Math.abs(q - p) });
  const one = Math.abs(q - p) === 1;
  return {
    ...bindings,
    verdict: enough ? "sí" : "no",
    rest: `${enough ? "sobra" : "falta"}${one ? "" : "n"} ${bindings.total}`,
    why: `${bindings.q} ${q > 1 ? "son" : "es"} ${enough ? "más" : "menos"} que ${bindings.p}`,
  };
}

function saving(scene: Scene): Bindings {
  const { random, numerals } = scene;
  const [p, k] = [random.between(1, 10), random.between(2, 6)];
  const time = random.pick(TIMES);
  return {
    ...paid(scene, time, { p, total: p * k }, steps("×", [p, k])),
    ...{ time: time.singular, times: numerals.count(k, time), k: numerals.number(k) },
  };
}

export function moneyTasks(lexicon: Lexicon, things: Things): readonly Task[] {
  const task = (name: string, draw: (scene: Scene, things: Things) => Bindings): Task => ({
    ...{ name, weight: 3 },
    draw: (random) => draw(new Scene(lexicon, random), things),
  });
  return [task("price", price), task("change", change), task("afford", afford), task("saving", saving)];
}
