/**
 * Merges an adapter and its base into one model, which every tool can open like any other.
 *
 *   deno task merge --model models/mine/instruct
 */
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { mergeAdapter } from "../checkpoint/merge.ts";
import { UserError } from "../errors.ts";
import { lockFolder } from "../lock.ts";
import { count } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { copyFolder } from "../run/copy_folder.ts";
import { runProgram } from "../run/flags.ts";

const HELP = `Merges an adapter into its base: a plain model, in float32, that computes the same.

Usage: deno task merge --model FOLDER [options]

  --model FOLDER   an adapter's checkpoint, such as models/mine/instruct
  --out FOLDER     where the model goes, under models/ or data/ (beside the adapter, such as models/mine/instruct-merged)
  --force          replace a merged model that is there
  --help           this text

Of a quantised base all becomes float32; deno task quantise makes it small again. docs/adapters.md says more.`;

const program = { ...{ name: "merge", help: HELP }, values: ["model", "out"], switches: ["force"] } as const;

await runProgram(program, async (flags) => {
  if (!flags.model) {
    throw new UserError("--model is missing: an adapter's folder, such as models/mine/instruct");
  }
  const source = await findCheckpoint(callerPath(flags.model));
  const out = await copyFolder({
    ...{ program: program.name, given: flags.out, source, suffix: "merged", force: flags.force },
    ...{ kind: "merged model", isCopy: ({ merged }) => merged !== undefined },
  });
  await using _lock = await lockFolder(out, program.name);
  const { info, base } = await mergeAdapter(source, out);
  console.log(`${out}: ${count(info.parameters)} parameters in float32, ${source} merged into ${base}`);
});
