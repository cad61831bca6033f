/** Writes configs/schema.json from the definitions in lib/run/config.ts: `deno task schema`. */
import { jsonSchema } from "../run/config.ts";

await Deno.writeTextFile(new URL("../../configs/schema.json", import.meta.url), jsonSchema());
