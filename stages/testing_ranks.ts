/** A small project whose pretraining several processes share. */
import { assertEquals } from "@std/assert";
import { ROOT, TINY, type Workspace, workspace } from "../lib/run/testing.ts";

export const STEPS = 20;
const PRESET = TINY.replace("steps: 12", `steps: ${STEPS}\n  accumulate: 5`)
  .replace("context: 16 }", "context: 16, dropout: 0.1 }");

/** Its corpus and vocabulary are made. */
export async function sharedProject(change = (preset: string) => preset): Promise<Workspace> {
  const work = await workspace(undefined, change(PRESET));
  for (const stage of ["prepare-corpus", "build-vocab"]) {
    const { code, output } = await work.run(stage);
    assertEquals(code, 0, output);
  }
  return work;
}

/** The arguments of deno for a stage with the permissions of its -mpi task, but for some. */
export function stageArgs(
  work: Workspace,
  stage: string,
  args: readonly string[] = [],
  rights: readonly string[] = ["--allow-ffi"],
): string[] {
  return [
    ...["run", "-q", "--no-prompt", `--config=${ROOT}deno.json`, "--allow-read", "--allow-env", ...rights],
    ...["--allow-sys=systemMemoryInfo,statfs", `--allow-write=${work.folder}/data,${work.folder}/models`],
    ...[`${ROOT}stages/${stage}.ts`, "--config", "preset.yaml", ...args],
  ];
}

/** The same, with the process that looks after a rank, as the -mpi tasks start it. */
export function rankArgs(work: Workspace, stage: string, ...args: string[]): string[] {
  const rights = ["--allow-run", "--allow-ffi", "--allow-sys=hostname", "--allow-env", "--allow-read"];
  const looksAfter = ["run", "-q", "--no-prompt", `--config=${ROOT}deno.json`, ...rights];
  return [...looksAfter, `${ROOT}lib/tools/rank.ts`, ...stageArgs(work, stage, args)];
}
