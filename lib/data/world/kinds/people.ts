/** Roles for texts between people, besides the common ones: relatives, titles, hours, numbers. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Entity } from "../entity.ts";
import type { Gender } from "../grammar/nouns.ts";
import { hour, partOfDay } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Draws, Role, Roles } from "./draws.ts";
import { readScripts } from "./script.ts";
import { severalRoles } from "./several.ts";

/** Relatives, masculine and feminine, and what one is to them. */
const RELATIVES = [
  ...["abuelo abuela nieto", "bisabuelo bisabuela bisnieto", "tío tía sobrino", "primo prima primo"],
  ...["padrino madrina ahijado", "hermano hermana hermano"],
].map((names) => names.split(" "));
const TITLES = [
  ...["señor señora", "profesor profesora", "doctor doctora", "director directora", "maestro maestra"],
].map((names) => names.split(" "));

/**
 * A kind whose texts are planned in `data/world/kinds/NAME.yaml`.
 * @param own roles that only this kind has
 */
export function readPeople(files: WorldFiles, name: string, own: Roles = {}): Promise<Kind> {
  return readScripts(files, name, { ...rolesOf(files.lexicon), ...own });
}

function rolesOf(lexicon: Lexicon): Roles {
  const grown = (gender: Gender): Role => ({ casting }) => casting.person({ gender, age: "adult" });
  const anyone: Role = ({ casting }) => casting.person();
  const pets = lexicon.flagged("pet");
  return {
    ...severalRoles(lexicon),
    ...{ f: anyone, g: anyone, él: grown("m"), ella: grown("f") },
    pariente: (draws) => someone(draws, draws.random.pick(RELATIVES)),
    soy: (draws) => {
      const { singular } = (draws.value("pariente") as Entity).noun;
      return RELATIVES.find((names) => names.slice(0, 2).includes(singular))![2];
    },
    trato: (draws) => {
      // The file may say which title suits the matter of a letter: about a test, one writes to a teacher.
      const wanted = draws.optional("asunto_trato");
      const fitting = TITLES.filter(([title]) =>
        typeof wanted !== "string" || wanted.split(" ").includes(title)
      );
      return someone(draws, draws.random.pick(fitting));
    },
    p: ({ casting }) => {
      const noun = casting.noun(pets);
      const pet = { kind: "animal", noun, name: casting.petName(noun.gender) } as const;
      return { fields: { "": pet, especie: noun } };
    },
    hora: (draws) => ({
      fields: { "": time(draws, 7, 18), mañana: time(draws, 5, 9), tarde: time(draws, 14, 18) },
    }),
    teléfono: ({ random }) => `${random.between(2000, 8999)}-${random.between(1000, 9999)}`,
  };
}

function someone({ casting, random }: Draws, [masculine, feminine]: readonly string[]): Entity {
  const gender = random.pick(["m", "f"] as const);
  return casting.person({ noun: { singular: gender === "m" ? masculine : feminine, gender } });
}

/** A time from `low` to `high` o'clock: "las tres y cuarto de la tarde". */
function time({ random }: Draws, low: number, high: number): string {
  const hours = random.between(low, high);
  const minutes = random.pick([0, 0, 0, 15, 30]);
  return `${hour(hours, minutes)} ${partOfDay(hours, minutes)}`;
}
