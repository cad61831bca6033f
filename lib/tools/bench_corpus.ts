/**
 * `deno task bench prepare-corpus`: generates text with typical faults, and measures the stage on it. Each run
 * has a process of its own, so that peak memory is measured for each.
 */
import { join } from "@std/path";
import { findPlanted } from "../data/corpus/planted.ts";
import { prepareCorpus } from "../data/corpus/prepare.ts";
import { alter, Chain, Dice, EVERY_STEP } from "../data/corpus/testing.ts";

/** Writes a text file of that many MB, in sections; some are copies, menus, tables or English. */
async function generate(path: string, megabytes: number): Promise<void> {
  const chain = await Chain.ofProse(), dice = new Dice(1), encoder = new TextEncoder();
  const english =
    "the cat is on the roof of the house and it was not there when they came with all of their friends ";
  const recent: string[] = [];
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let held: string[] = [], length = 0, written = 0;
  while (written < megabytes * 1e6) {
    const kind = dice.below(100);
    let text = kind < 5 && recent.length > 0
      ? dice.pick(recent)
      : kind < 15 && recent.length > 0
      ? alter(dice.pick(recent), 0.01 + dice.below(5) / 100, dice)
      : kind < 17
      ? english.repeat(10)
      : kind < 19
      ? Array.from({ length: 200 }, () => String(dice.below(1e6))).join(" | ")
      : chain.document(dice, 1 + dice.below(11));
    if (recent.length < 500) recent.push(text);
    else recent[dice.below(500)] = text;
    if (dice.chance(0.3)) text = `Inicio · Noticias · Contacto\n\n${text}\n\nCompartir en las redes`;
    if (dice.chance(0.1)) text = text.normalize("NFD").replaceAll(" que ", "\u00a0que ");
    if (dice.chance(0.2)) text = text.replaceAll("\n", "\r\n");
    held.push(text, "\n***\n");
    length += text.length;
    if (length < 1 << 20) continue;
    const bytes = encoder.encode(held.join(""));
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    written += bytes.length;
    held = [];
    length = 0;
  }
}

interface Measured {
  readonly seconds: number;
  readonly peak_mib: number;
  readonly kept: number;
}

/** The peak memory of this process in MiB; on other systems than Linux, its current memory. */
export function peakMemory(): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) / 1024;
  } catch {
    return Deno.memoryUsage().rss / 2 ** 20;
  }
}

const NEAR = 0.4;
const FOLDER = "data/processed/bench-corpus";

/** One run, in this process. */
async function measure(source: string, near: boolean): Promise<Measured> {
  const started = performance.now();
  const { documents } = (await prepareCorpus({
    options: { ...EVERY_STEP, sources: [source], duplicates: { exact: true, near: near && NEAR } },
    seed: 1,
    out: join(FOLDER, "out"),
    downloads: FOLDER,
  }))!;
  const seconds = (performance.now() - started) / 1000;
  return { seconds, peak_mib: peakMemory(), kept: documents.train + documents.validation };
}

/** The V8 flags of the stage's task, which keep memory use low. */
async function taskFlags(): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  return /--v8-flags=\S+/.exec(tasks["prepare-corpus"].command)![0];
}

async function inOwnProcess(source: string, near: boolean): Promise<Measured> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=corpus", await taskFlags(), import.meta.filename!, source, String(near)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Recall and precision on planted copies. */
async function showPlanted(json: boolean): Promise<void> {
  const [originals, ...copies] = await findPlanted(6000, NEAR, FOLDER);
  const all = copies.reduce((sum, { dropped }) => sum + dropped, 0);
  const precision = all / (all + originals.dropped);
  if (json) return console.log(JSON.stringify({ near: NEAR, precision, copies }));
  const recalls = copies.map(({ changed, documents, dropped }) =>
    `${100 * changed} %: ${(dropped / documents).toFixed(3)}`
  );
  console.log(
    `near duplicates of similarity ${NEAR} among ${originals.documents} documents: precision ` +
      `${precision.toFixed(4)}; recall by characters changed: ${recalls.join(", ")}`,
  );
}

/** @param megabytes size of the larger text; the smaller one is a tenth of it */
export async function benchCorpus(
  { megabytes, rounds, json }: { megabytes: number; rounds: number; json: boolean },
): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  try {
    const results = new Map<string, Measured[]>();
    const sizes = [megabytes / 10, megabytes];
    const path = (size: number) => join(FOLDER, `${size}.txt`);
    for (const size of sizes) await generate(path(size), size);
    for (let round = 0; round < rounds; round++) {
      for (const size of sizes) {
        for (const near of [false, true]) {
          const key = JSON.stringify([size, near]);
          results.set(key, [...results.get(key) ?? [], await inOwnProcess(path(size), near)]);
        }
      }
    }
    for (const [key, runs] of results) {
      const [size, near] = JSON.parse(key) as [number, boolean];
      const { seconds, peak_mib, kept } = runs.sort((a, b) => a.seconds - b.seconds)[runs.length >> 1];
      const { size: bytes } = await Deno.stat(path(size));
      const rate = bytes / 1e6 / seconds;
      if (json) {
        console.log(
          JSON.stringify({
            megabytes: size,
            near_duplicates: near,
            mb_per_s: rate,
            peak_mib,
            documents: kept,
          }),
        );
        continue;
      }
      console.log(
        `${String(size).padStart(5)} MB, ${near ? "every step           " : "all but near-duplicates"} ` +
          `${rate.toFixed(1).padStart(7)} MB/s  peak ${
            peak_mib.toFixed(0).padStart(4)
          } MiB  ${kept} documents kept`,
      );
    }
    await showPlanted(json);
  } finally {
    await Deno.remove(FOLDER, { recursive: true });
  }
}

if (import.meta.main) {
  const [source, near] = Deno.args;
  console.log(JSON.stringify(await measure(source, near === "true")));
}
