/** Stages on several ranks: rank 0 decides what to do, and the others follow. All need the same files and settings. */
import { describe, UserError } from "../errors.ts";
import { hashContent } from "../files.ts";
import type { CheckpointInfo, Run } from "../checkpoint/checkpoint.ts";
import { requireSame, type Traits } from "../ranks/agreement.ts";
import { launched } from "../ranks/launcher.ts";
import { broadcastValue } from "../ranks/messages.ts";
import { openRanks } from "../ranks/open.ts";
import { nameOf, type Ranks } from "../ranks/ranks.ts";
import { codeHashes } from "./code.ts";
import { inputHashes } from "./inputs.ts";
import { flatten } from "./settings.ts";
import type { Stage } from "./stage.ts";
import type { Inputs, Request } from "./staleness.ts";
import { StopSignals } from "./stop.ts";

/** Where a stage starts from. */
interface Start {
  readonly resume: CheckpointInfo | null;
  readonly run: Run;
}

/** What rank 0 tells the others to do: run a stage, or end with an exit code. */
type Order = { readonly stage: string; readonly start: Start } | { readonly end: number };

/** Called on rank 0 when a stage is to run. @throws {UserError} if another rank would make a different result */
export async function startTogether(
  ranks: Ranks,
  stage: Stage,
  request: Request,
  start: Start,
): Promise<void> {
  if (ranks.size === 1) return;
  broadcastValue<Order>(ranks, { stage: stage.name, start });
  requireSame(ranks, await traitsOf(stage, request));
}

/** Called on rank 0 at the end of a program. */
export function endTogether(ranks: Ranks, code: number): void {
  if (ranks.size === 1) return;
  broadcastValue<Order>(ranks, { end: code });
}

/** Called on the other ranks: runs what rank 0 says, until it says to end. Returns the exit code. */
export async function follow(
  stages: readonly Stage[],
  load: () => Promise<Request>,
  ranks: Ranks,
): Promise<number> {
  let loaded: Request | undefined;
  for (;;) {
    const order = broadcastValue<Order | null>(ranks, null)!;
    if ("end" in order) return order.end;
    const request = loaded ??= await load();
    const stage = stages.find(({ name }) => name === order.stage)!;
    requireSame(ranks, await traitsOf(stage, request));
    using stop = new StopSignals(stage.interruptible ?? false, () => {});
    const { preset, terminal } = request;
    const begin = () => Promise.resolve();
    const out = stage.out(preset), { signal } = stop;
    await stage.run({ preset, out, ...order.start, begin, terminal, ranks, signal });
  }
}

/** Everything that a stage's result depends on, and the version of Deno. */
async function traitsOf(stage: Stage, request: Request): Promise<Traits> {
  const { settings, sections } = stage;
  const values = flatten([...settings, ...Object.keys(sections)], request.preset);
  const inputs: Inputs = await inputHashes(stage, request);
  return {
    Deno: Deno.version.deno,
    ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)])),
    ...inputs,
    ...await codeHashes(stage.module, request.hashes),
    // Including settings that cannot change the result: for example, all ranks must save at the same steps.
    "some setting": hashContent(JSON.stringify(Object.keys(sections).map((key) => request.preset[key]))),
  };
}

/** How long a failing rank waits for rank 0 to fail with the same error and end all, in milliseconds. */
const PATIENCE = 3000;

/**
 * Runs a program's body on this process, or on all ranks if a launcher of MPI has started several. An error on one rank
 * ends all: launchers end the others when a process exits with a code other than 0.
 * @param task the task that may call MPI, or null if the program cannot be shared
 * @param body returns the exit code
 * @throws what the body throws; on ranks, the error names the rank
 */
export async function onRanks(
  task: string | null,
  body: (ranks: Ranks) => Promise<number>,
): Promise<number> {
  const by = launched();
  let ranks: Ranks | undefined;
  try {
    ranks = openRanks(task);
    // After an error the watch goes on until this process ends: disposing of it would wait for the others.
    const watch = await ranks.watch();
    const code = await body(ranks);
    watch[Symbol.dispose]();
    ranks.close(code);
    return code;
  } catch (error) {
    if (by && by.rank > 0) await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    throw by ? named(error, by.rank, ranks) : error;
  }
}

/** An error that is no fault of the user's, on a rank: one line, so that the ranks' errors can be told apart. */
class RankError extends UserError {
  override readonly exitCode = 1;
}

/** Says in an error on which rank it happened. What rank 0 refuses before its first step is clear without that. */
function named(error: unknown, rank: number, ranks: Ranks | undefined): unknown {
  const who = ranks ? `${nameOf(ranks)}${ranks.step ? `, step ${ranks.step}` : ""}` : `rank ${rank}`;
  if (!(error instanceof UserError)) {
    const place = error instanceof Error ? /^ +(at .*)/m.exec(error.stack ?? "") : null;
    return new RankError(`${who}: ${describe(error)}${place ? ` (${place[1]})` : ""}`, { cause: error });
  }
  if (rank > 0 || ranks?.step) error.message = `${who}: ${error.message}`;
  return error;
}
