/** Measures greedy decoding of one sequence with a cache, and reading of a prompt. */
import process from "node:process";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { quantiseMatrices, type Target } from "../checkpoint/quantise.ts";
import { BLOCK } from "../device/blocks.ts";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import { generate } from "../generate/generate.ts";
import type { Decoder } from "../model/decoder.ts";
import { parameterSpecs } from "../model/decoder.ts";
import { median } from "../train/measure.ts";
import { runOther } from "./bench_against.ts";

export interface DecodeBench {
  /** What is measured, as printed. */
  readonly name: string;
  readonly model: LoadedModel;
  /** The formats to store its weights in, measured in turns; null to leave them as they are. */
  readonly precisions: readonly (Target | null)[];
  readonly rounds: number;
  /** Another program's command, and the model file for it. */
  readonly against: { readonly command: string; readonly file: string } | null;
  readonly json: boolean;
}

/** The time that reading a prompt or writing a text took. */
interface Took {
  /** From the start to the first token, and from there to the end, in milliseconds. */
  readonly first: number;
  readonly rest: number;
  /** Processor time of all threads, in milliseconds. */
  readonly processor: number;
}

async function time(model: Decoder, prompt: Uint32Array, maxNewTokens: number): Promise<Took> {
  const started = performance.now(), before = process.cpuUsage();
  let first = 0;
  const settings = { maxNewTokens, temperature: 0, topK: 0, seed: 1, stop: -1 };
  for await (const _ of generate(model, prompt, settings)) first ||= performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { first, rest: performance.now() - started - first, processor: (user + system) / 1000 };
}

/** What is printed about one precision. */
interface Result {
  readonly precision: string;
  readonly tokens_per_s: number;
  readonly ms_to_first_token: number;
  readonly decode_processor_ms: number;
  readonly prefill_processor_ms: number;
  /** By the clock, compared with the first precision. */
  readonly times_as_fast?: { readonly than: string; readonly writing: number; readonly reading: number };
  readonly against_decode_ms?: number;
  readonly against_prefill_ms?: number;
}

/** A model in one precision, and its times. */
interface Measured {
  readonly precision: string;
  readonly model: Decoder;
  readonly reading: Took[];
  readonly writing: Took[];
}

/** @throws {UserError} if nothing of the model can be stored so */
function open(device: Device, { name, model: loaded }: DecodeBench, stored: Target | null): Measured {
  const precision = stored ?? (loaded.quantised?.size ? "as stored" : "float32");
  const made = { precision, reading: [], writing: [] };
  if (!stored) return { ...made, model: openDecoder(device, loaded) };
  const matrices = parameterSpecs(loaded.config).filter(({ role }) => role !== "vector");
  const quantised = quantiseMatrices(matrices, loaded.values, stored, name);
  if (quantised.size === 0) {
    throw new UserError(
      `--precision ${stored}: ${name} has no matrix whose rows are a multiple of ${BLOCK} numbers; ` +
        "measure it in float32",
    );
  }
  return { ...made, model: openDecoder(device, { ...loaded, quantised }) };
}

/**
 * Fills the context once with a prompt, and once with generated text, in each precision in turns; prints medians over
 * rounds, and by the clock how many times as fast each precision is as the first one.
 */
export async function benchDecode(device: Device, bench: DecodeBench): Promise<void> {
  const { name, model: { config }, precisions, rounds, against, json } = bench;
  const all = precisions.map((stored) => open(device, bench, stored));
  const count = config.context - 1;
  const prompt = Uint32Array.from({ length: count }, (_, i) => (7 + i % 50) % config.vocab);
  const theirs: Record<"decode_ms" | "prefill_ms", number>[] = [];
  for (let round = -2; round < rounds; round++) {
    for (const { model, reading, writing } of all) {
      const read = await time(model, prompt, 1), written = await time(model, Uint32Array.of(1), count);
      if (round < 0) continue; // warm-up, until V8 has optimised the code
      reading.push(read);
      writing.push(written);
    }
    if (round < 0 || !against) continue;
    const values = { model: against.file, tokens: count };
    theirs.push(await runOther(against.command, values, ["decode_ms", "prefill_ms"]));
  }
  const middle = <T>(list: readonly T[], of: (one: T) => number) => median(list.map(of));
  const [first] = all;
  const times = (part: "reading" | "writing", of: (took: Took) => number, one: Measured) =>
    middle(first[part], of) / middle(one[part], of);
  for (const one of all) {
    const { precision, reading, writing } = one;
    const result: Result = {
      precision,
      tokens_per_s: Math.round(middle(writing, ({ rest }) => (count - 1) / rest * 1000)),
      ms_to_first_token: middle(writing, ({ first }) => first),
      decode_processor_ms: middle(writing, ({ processor }) => processor / count),
      prefill_processor_ms: middle(reading, ({ processor }) => processor / count),
      ...one !== first && {
        times_as_fast: {
          than: first.precision,
          writing: times("writing", ({ rest }) => rest, one),
          reading: times("reading", ({ first }) => first, one),
        },
      },
      ...theirs.length > 0 && {
        against_decode_ms: middle(theirs, ({ decode_ms }) => decode_ms),
        against_prefill_ms: middle(theirs, ({ prefill_ms }) => prefill_ms),
      },
    };
    if (json) console.log(JSON.stringify({ shape: name, device: device.name, ...result }));
    else print(name, device, result);
  }
}

function print(name: string, device: Device, result: Result): void {
  const { precision, tokens_per_s, ms_to_first_token, times_as_fast: times } = result;
  console.log(
    `${name.padEnd(26)} ${device.name.padEnd(7)} ${precision.padEnd(9)} ${
      tokens_per_s.toLocaleString("en-US").padStart(9)
    } tokens/s, first token after ${ms_to_first_token.toFixed(1)} ms`,
  );
  if (times) {
    const [writes, reads] = [times.writing, times.reading].map((ratio) => ratio.toFixed(2));
    console.log(`  by the clock, it writes ${writes} and reads ${reads} times as fast as ${times.than}`);
  }
  const line = (what: string, own: number, others: number | undefined) =>
    console.log(
      `  ${what}: ${own.toFixed(3)} ms of processor time a token` +
        (others === undefined
          ? ""
          : `; other ${others.toFixed(3)}: ours is ${(others / own).toFixed(2)} times as fast`),
    );
  line("written", result.decode_processor_ms, result.against_decode_ms);
  line("read   ", result.prefill_processor_ms, result.against_prefill_ms);
}
