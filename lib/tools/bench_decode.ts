/** Measures greedy decoding of one sequence with a cache, and reading of a prompt. */
import process from "node:process";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { quantiseMatrices, type Target } from "../checkpoint/quantise.ts";
import type { Device } from "../device/device.ts";
import { generate } from "../generate/generate.ts";
import type { Decoder } from "../model/decoder.ts";
import { parameterSpecs } from "../model/decoder.ts";
import { median } from "../train/measure.ts";
import { runOther } from "./bench_against.ts";

export interface DecodeBench {
  /** What is measured, as printed. */
  readonly name: string;
  readonly model: LoadedModel;
  /** The format to store its weights in; null to leave them as they are. */
  readonly stored: Target | null;
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

/** Fills the context once with a prompt, and once with generated text; prints medians over rounds. */
export async function benchDecode(device: Device, bench: DecodeBench): Promise<void> {
  const { name, model: loaded, stored, rounds, against, json } = bench;
  const { config } = loaded;
  const matrices = parameterSpecs(config).filter(({ role }) => role !== "vector");
  const quantised = stored ? quantiseMatrices(matrices, loaded.values, stored, name) : loaded.quantised;
  const model = openDecoder(device, { ...loaded, ...quantised && { quantised } });
  const count = config.context - 1;
  const prompt = Uint32Array.from({ length: count }, (_, i) => (7 + i % 50) % config.vocab);
  const reading: Took[] = [], writing: Took[] = [], theirs: Record<"decode_ms" | "prefill_ms", number>[] = [];
  for (let round = -2; round < rounds; round++) {
    const read = await time(model, prompt, 1), written = await time(model, Uint32Array.of(1), count);
    if (round < 0) continue; // warm-up, until V8 has optimised the code
    reading.push(read);
    writing.push(written);
    if (!against) continue;
    const values = { model: against.file, tokens: count };
    theirs.push(await runOther(against.command, values, ["decode_ms", "prefill_ms"]));
  }
  const middle = <T>(list: readonly T[], of: (one: T) => number) => median(list.map(of));
  const result = {
    precision: stored ?? "as stored",
    tokens_per_s: Math.round(middle(writing, ({ rest }) => (count - 1) / rest * 1000)),
    ms_to_first_token: middle(writing, ({ first }) => first),
    decode_processor_ms: middle(writing, ({ processor }) => processor / count),
    prefill_processor_ms: middle(reading, ({ processor }) => processor / count),
  };
  const other = theirs.length > 0 && {
    against_decode_ms: middle(theirs, ({ decode_ms }) => decode_ms),
    against_prefill_ms: middle(theirs, ({ prefill_ms }) => prefill_ms),
  };
  if (json) {
    return console.log(JSON.stringify({ shape: name, device: device.name, ...result, ...other }));
  }
  console.log(
    `${name.padEnd(26)} ${device.name.padEnd(7)} ${(stored ?? "").padEnd(2)} ${
      result.tokens_per_s.toLocaleString("en-US").padStart(9)
    } tokens/s, first token after ${result.ms_to_first_token.toFixed(1)} ms`,
  );
  const { decode_processor_ms: decode, prefill_processor_ms: prefill } = result;
  const line = (what: string, own: number, others: number | null) =>
    console.log(
      `  ${what}: ${own.toFixed(3)} ms of processor time a token` +
        (others === null
          ? ""
          : `; other ${others.toFixed(3)}: ours is ${(others / own).toFixed(2)} times as fast`),
    );
  line("written", decode, other ? other.against_decode_ms : null);
  line("read   ", prefill, other ? other.against_prefill_ms : null);
}
