/**
 * Shows the chain from a checkpoint back to the raw text, from the manifests that stages leave and from what averages
 * and quantised models record in checkpoint.json.
 *
 *   deno task lineage models/mini/pretrain
 */
import { pipeline } from "../../stages/pipeline.ts";
import { UserError } from "../errors.ts";
import { count, duration } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import { lineageOf, type Origin } from "../runs/lineage.ts";

const HELP = `Usage: deno task lineage FOLDER

Prints from what a folder was made, back to the raw text: deno task lineage models/mini/pretrain
What is not there any more is named with the command that makes it again.

  -h, --help   this text`;

function print(origin: Origin, depth: number): void {
  const { folder, by, made, seconds, device, seed, repeated, taught, parts, files, missing, from } = origin;
  const indent = "  ".repeat(depth);
  const say = (text: string) => console.log(`${indent}  ${text}`);
  const unsaid = parts.length > 0 || repeated ? "" : ", unfinished";
  const how = made
    ? `, ${made}, ${duration(seconds ?? 0)}${device ? ` on ${device}` : ""}, seed ${seed}`
    : unsaid;
  console.log(`${indent}${folder}`);
  say(`by ${by}${how}`);
  for (const { instruction, response } of taught) {
    say(`taught: ${instruction.replaceAll("\n", " ")} → ${response.replaceAll("\n", " ")}`);
  }
  if (repeated) return say("(see above)");
  for (const part of parts) say(part);
  for (const { path, bytes, sha256 } of files) {
    say(`${path}  ${bytes === null ? "" : `${count(bytes)} bytes  `}sha256 ${sha256.slice(0, 16)}…`);
  }
  for (const { path, command, sources } of missing) {
    const origin = sources.length > 0 ? `, from ${sources.join(", ")}` : "";
    say(command ? `${path}  not here; made again by ${command}${origin}` : `${path}  missing`);
  }
  for (const source of from) print(source, depth + 1);
}

await runProgram({ name: "lineage", help: HELP, operands: true }, async (_, operands) => {
  if (operands.length !== 1) throw new UserError("lineage: give one folder, such as models/mini/pretrain");
  print(await lineageOf(callerPath(operands[0]), pipeline.stages), 0);
});
