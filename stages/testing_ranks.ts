/** A small project whose pretraining ranks share. */
import { assert, assertEquals } from "@std/assert";
import { readSafetensors } from "../lib/checkpoint/safetensors.ts";
import { ROOT, TINY, type Workspace, workspace } from "../lib/run/testing.ts";

export const STEPS = 20;
const PRESET = TINY.replace("steps: 12", `steps: ${STEPS}\n  accumulate: 5`)
  .replace("context: 16 }", "context: 16, dropout: 0.1 }");

/** Makes the project, with its corpus and vocabulary. */
export async function sharedProject(change = (preset: string) => preset, text?: string): Promise<Workspace> {
  const work = await workspace(text, change(PRESET));
  for (const stage of ["prepare-corpus", "build-vocab"]) {
    const { code, output } = await work.run(stage);
    assertEquals(code, 0, output);
  }
  return work;
}

/** The arguments with which deno runs a stage with most permissions of its -mpi task. */
export function stageArgs(
  work: Workspace,
  stage: string,
  args: readonly string[] = [],
  { rights = ["--allow-ffi"], root = ROOT }: {
    readonly rights?: readonly string[];
    /** The folder whose programs are run, ending in /. */
    readonly root?: string;
  } = {},
): string[] {
  return [
    ...["run", "-q", "--no-prompt", `--config=${root}deno.json`, "--allow-read", "--allow-env", ...rights],
    ...["--allow-sys=systemMemoryInfo,statfs", `--allow-write=${work.folder}/data,${work.folder}/models`],
    ...[`${root}stages/${stage}.ts`, "--config", "preset.yaml", ...args],
  ];
}

/** Arguments that run a stage under the process that looks after a rank, as the -mpi tasks do. */
export function rankArgs(work: Workspace, stage: string, ...args: string[]): string[] {
  const rights = ["--allow-run", "--allow-ffi", "--allow-sys=hostname", "--allow-env", "--allow-read"];
  const looksAfter = ["run", "-q", "--no-prompt", `--config=${ROOT}deno.json`, ...rights];
  return [...looksAfter, `${ROOT}lib/tools/rank.ts`, ...stageArgs(work, stage, args)];
}

/** The results of a training: the losses of its steps, figures of its validations, and its weights. */
export async function resultOf(work: Workspace, folder: string) {
  const lines = (await work.read(`${folder}/metrics.jsonl`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  const { tensors } = await readSafetensors(work.path(folder, "last/model.safetensors"));
  return {
    losses: lines.flatMap(({ loss }) => loss ?? []) as number[],
    norms: lines.flatMap(({ norm }) => norm ?? []) as number[],
    validations: lines.flatMap(({ validation }) => validation?.loss ?? []) as number[],
    weights: new Map([...tensors].map(([name, { data }]) => [name, data])),
  };
}
export type Result = Awaited<ReturnType<typeof resultOf>>;

/**
 * Expects that two trainings differ by rounding only. The keys' bias is left out: softmax is invariant to it, so its
 * gradient is zero except for rounding errors, which AdamW scales up to the size of any other.
 */
export function assertAlike(a: Result, b: Result): void {
  for (const figures of ["losses", "norms", "validations"] as const) {
    assertEquals(a[figures].length, b[figures].length);
    a[figures].forEach((value, i) => {
      const error = Math.abs(value / b[figures][i] - 1);
      assert(error <= 1e-6, `${figures}, ${i}: ${value} and ${b[figures][i]}`);
    });
  }
  for (const [name, values] of a.weights) {
    const width = values.length / 3, others = b.weights.get(name)!;
    values.forEach((value, i) => {
      if (name.endsWith("c_attn.bias") && i >= width && i < 2 * width) return;
      assert(Math.abs(value - others[i]) <= 1e-5, `${name}, ${i}: ${value} and ${others[i]}`);
    });
  }
}
