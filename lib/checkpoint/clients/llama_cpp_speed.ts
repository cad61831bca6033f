/**
 * Measures llama.cpp's processor time per token, through node-llama-cpp, for `deno task bench decode --against`:
 *
 *   deno run -A --config lib/checkpoint/clients/deno.json lib/checkpoint/clients/llama_cpp_speed.ts --model FILE --tokens N
 *
 * Prints a line of JSON, in milliseconds per token: for a prompt of N tokens, and for N tokens written after one. It
 * runs on one thread, with llama.cpp's default cache type and attention.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { getLlama, type Token } from "node-llama-cpp";

const { values: { model: modelPath = "", tokens = "" } } = parseArgs({
  args: Deno.args,
  options: { model: { type: "string" }, tokens: { type: "string" } },
});
const count = Number(tokens);
const llama = await getLlama({
  ...{ gpu: false, build: "never", skipDownload: true, progressLogs: false, maxThreads: 1 } as const,
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
  const context = await model.createContext({ contextSize: count + 2, batchSize: count + 2, threads: 1 });
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
const best = { prefill: Infinity, decode: Infinity };
for (let round = 0; round < 4; round++) {
  best.prefill = Math.min(best.prefill, await time(prompt, 1));
  best.decode = Math.min(best.decode, await time([7], count));
}
console.log(JSON.stringify({ decode_ms: best.decode / count, prefill_ms: best.prefill / count }));
Deno.exit(0);
