/** People who do something some time from now, or did it some time ago. */
import { Casting } from "../casting.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";

/** What they will do, and did. */
const ACTS = [
  ...[["viajará", "viajó"], ["tendrá un examen", "tuvo un examen"], [
    "irá al dentista",
    "fue al dentista",
  ]] as const,
  ...[["se mudará", "se mudó"], ["regresará", "regresó"], [
    "visitará a su abuela",
    "visitó a su abuela",
  ]] as const,
  ...[["empezará a trabajar", "empezó a trabajar"], ["hará una fiesta", "hizo una fiesta"]] as const,
  ...[["plantará un árbol", "plantó un árbol"], ["pintará su casa", "pintó su casa"]] as const,
] as const;

/** A first name. */
export const someone = (random: Random, lexicon: Lexicon) =>
  new Casting(lexicon, random).name(random.pick(["m", "f"]));

/** Someone who does something some time from now, or did it some time ago. */
export function plan(random: Random, lexicon: Lexicon, later: boolean) {
  const times = { when: later ? "dentro de" : "hace", be: later ? "será" : "era" };
  return { ...times, a: someone(random, lexicon), acts: random.pick(ACTS)[later ? 0 : 1] };
}
