/** Writes configs/schema.json from the definitions in lib/run/config.ts: `deno task schema`. */
import { jsonSchema } from "../run/config.ts";
import { runProgram } from "../run/flags.ts";

const HELP = `Writes configs/schema.json, by which editors complete and check presets.

Usage: deno task schema

  -h, --help   this text`;

await runProgram({ name: "schema", help: HELP }, async () => {
  await Deno.writeTextFile(new URL("../../configs/schema.json", import.meta.url), jsonSchema());
});
