/** Writes configs/schema.json from the stages' definitions: `deno task schema`. */
import { pipeline } from "../../stages/pipeline.ts";
import { jsonSchema } from "../run/config.ts";
import { runProgram } from "../run/flags.ts";

const HELP = `Writes configs/schema.json, by which editors complete and check presets.

Usage: deno task schema

  -h, --help   this text`;

await runProgram({ name: "schema", help: HELP }, async () => {
  await Deno.writeTextFile(
    new URL("../../configs/schema.json", import.meta.url),
    jsonSchema(pipeline.schema),
  );
});
