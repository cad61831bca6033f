/**
 * Measures llama.cpp's processor time per token, through node-llama-cpp, for `deno task bench decode --against`:
 *
 *   deno run -A --config lib/checkpoint/clients/deno.json lib/checkpoint/clients/llama_cpp_speed.ts \
 *     [--threads N] --model FILE --tokens N
 *
 * Prints a line of JSON, in milliseconds per token: for a prompt of N tokens, and for N tokens written after one. It
 * runs on one thread by default, with llama.cpp's default cache type and attention, and takes medians as our side does.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { getLlama, type Token } from "node-llama-cpp";

const { values: { model: modelPath = "", tokens = "", threads: threadsFlag = "1" } } = parseArgs({
  args: Deno.args,
  options: { model: { type: "string" }, tokens: { type: "string" }, threads: { type: "string" } },
});
const count = Number(tokens), threads = Number(threadsFlag);
const llama = await getLlama({
  ...{ gpu: false, build: "never", skipDownload: true, progressLogs: false } as const,
  maxThreads: threads,
  logger: () => {},
});
const model = await llama.loadModel({ modelPath });

/** Milliseconds of processor time, of all threads. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Times the writing of that many tokens after a prompt. */
async function time(prompt: number[], written: number): Promise<number> {
  const context = await model.createContext({ contextSize: count + 2, batchSize: count + 2, threads });
  const began = processorTime();
  let made = 0;
  for await (
    const _ of context.getSequence().evaluate(prompt as Token[], { temperature: 0, yieldEogToken: true })
  ) {
    if (++made === written) break;
  }
  const took = processorTime() - began;
  await context.dispose();
  return took;
}

const prompt = Array.from({ length: count }, (_, i) => 7 + i % 50);
const prefill: number[] = [], decode: number[] = [];
for (let round = -1; round < 3; round++) {
  const read = await time(prompt, 1), written = await time([7], count);
  if (round < 0) continue; // warm-up
  prefill.push(read);
  decode.push(written);
}
const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
console.log(JSON.stringify({ decode_ms: median(decode) / count, prefill_ms: median(prefill) / count }));
Deno.exit(0);
