/** `bench decode` and `bench serve` as a user runs them. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { CpuDevice } from "../device/cpu.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { refused, workspace } from "../run/testing.ts";
import { testModels } from "../server/testing.ts";
import { charTokenizer } from "../text/testing.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs it with the rights of the task. */
async function bench(...flags: string[]): Promise<{ code: number; output: string; lines: unknown[] }> {
  const args = ["run", "-q", "--no-prompt", "-P=bench", "lib/tools/bench.ts", ...flags, "--device", "cpu"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const lines = out.split("\n").filter((line) => line.startsWith("{"));
  return { code, output: out + error, lines: lines.map((line) => JSON.parse(line)) };
}

const decode = (...flags: string[]) => bench("decode", "--threads", "1", "--rounds", "1", ...flags);

const SHAPE = ["--shape", "L1 H2 C32 T8 B1 V11"];

Deno.test("bench decode measures precisions in turns, each compared with the first", async () => {
  const { code, output, lines } = await decode(...SHAPE, "--precision", "float32,q8,q4", "--json");
  assertEquals(code, 0, output);
  const found = lines as { precision: string; times_as_fast?: { than: string; writing: number } }[];
  assertEquals(found.map(({ precision }) => precision), ["float32", "q8", "q4"]);
  assertEquals(found.map(({ times_as_fast }) => times_as_fast?.than), [undefined, "float32", "float32"]);
  for (const { times_as_fast } of found.slice(1)) assert(times_as_fast!.writing > 0, output);
  const { output: text } = await decode(...SHAPE, "--precision", "q8,q4");
  assert(/q4 .*\n {2}by the clock, it writes [\d.]+ and reads [\d.]+ times as fast as q8\n/.test(text), text);
});

Deno.test("bench decode runs another program with the model's file and its number of tokens", async () => {
  await using work = await workspace();
  const tokenizer = charTokenizer("la luna"), device = await CpuDevice.open({ threads: 1 });
  const shape = { layers: 1, heads: 2, width: 32, context: 9, vocab: tokenizer.size };
  const model = new Decoder(device, modelConfig(shape));
  model.initialize(1);
  await saveCheckpoint(work.path("models/a"), model, tokenizer, {
    ...{ stage: "pretrain", format: "text", step: 1, seed: 1, finished: true },
    ...{ validation: null, best: null },
  });
  const given = ["--model", work.path("models/a"), "--against"];
  // It prints as its times the number of its arguments, and the last of them.
  const script = `sh -c 'echo "{\\"decode_ms\\": $#, \\"prefill_ms\\": $4}"' other`;
  const { code, output, lines } = await decode(...given, script, "--json");
  assertEquals(code, 0, output);
  const [{ against_decode_ms, against_prefill_ms }] = lines as Record<string, number>[];
  assertEquals([against_decode_ms, against_prefill_ms], [4, 8]); // --model FILE --tokens 8
  const { output: text } = await decode(...given, script);
  assertStringIncludes(text, "; other 4.000: ours is ");
  refused(await decode(...given, "false"), "--against: no JSON line with decode_ms and prefill_ms");
});

Deno.test("mistakes in measuring are told in one line", async () => {
  const mistakes: [flags: string[], says: string][] = [
    [["--shape", "L1 H2 C20 T8 B1 V11", "--precision", "q4"], "C20 T8 B1 V11 has no matrix whose rows"],
    [[...SHAPE, "--precision", "q8,q5"], "--precision q8,q5: expected float32 or q8 or q4, or several"],
    [[...SHAPE, "--precision", "q8,q8"], "--precision q8,q8: expected"],
    [[...SHAPE, "--against", "true"], "--against: decode needs the --model that both programs open"],
  ];
  for (const [flags, says] of mistakes) refused(await decode(...flags), says);
});

Deno.test("bench serve ends with the memory that all models of a folder take", async () => {
  const { code, output, lines } = await bench(
    "serve",
    "--models",
    await testModels(),
    "--seconds",
    "0.1",
    "--json",
  );
  assertEquals(code, 0, output);
  const { models, devices_mib, process_mib } = lines.at(-1) as Record<string, number>;
  assertEquals(models, 3);
  assert(devices_mib > 0 && process_mib > devices_mib, output);
});
