/** Measures the throughput of the server's first model, with one and more clients that ask repeatedly. */
import { type DeviceChoice } from "../device/open.ts";
import { createApp } from "../server/app.ts";
import { Faq } from "../server/faq.ts";
import { ModelStore } from "../server/models.ts";
import { median } from "../train/measure.ts";

const CLIENTS = [1, 4, 16, 64];

export interface ServeBench {
  readonly device: DeviceChoice;
  readonly models: string;
  /** Duration of each measurement. */
  readonly seconds: number;
  readonly json: boolean;
}

/** Streams answers of at most 64 tokens at temperature 1, through the app but without the network. */
export async function benchServe({ device, models, seconds, json }: ServeBench): Promise<void> {
  const store = await ModelStore.find(models, device, { rows: 16, queue: 256 });
  const app = createApp({ store, faq: new Faq([]), origins: [], timeLimit: 600 });
  const model = store.listed[0].id;
  let seed = 0;
  const ask = async () => {
    const began = performance.now();
    const response = await app.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages: [{ role: "user", content: "¿Qué me puedes contar de los pueblos?" }],
        max_tokens: 64,
        temperature: 1,
        seed: seed++,
        stream: true,
        stream_options: { include_usage: true },
      }),
    });
    // The first event only names the role. Parsed at the end, because real clients do not use this machine's time.
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let first = 0;
    for await (const chunk of response.body!) {
      chunks.push(chunk);
      if (chunks.length === 2) first = performance.now() - began;
    }
    const text = await new Blob(chunks).text();
    return { first, tokens: Number(/"completion_tokens":(\d+)/.exec(text)?.[1] ?? 0) };
  };
  await ask();
  if (!json) console.log(`${model}: streamed answers, ${seconds} s each`);
  let alone = 0;
  for (const clients of CLIENTS) {
    const began = performance.now(), end = began + 1000 * seconds;
    const firsts: number[] = [];
    let tokens = 0, answers = 0;
    await Promise.all(Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const answer = await ask();
        firsts.push(answer.first);
        tokens += answer.tokens;
        answers++;
      }
    }));
    const rate = tokens / ((performance.now() - began) / 1000);
    alone ||= rate;
    const result = {
      clients,
      tokens_per_s: Math.round(rate),
      ratio: rate / alone,
      first_token_ms: median(firsts),
      answers,
    };
    if (json) console.log(JSON.stringify(result));
    else {
      console.log(
        `${String(clients).padStart(4)} clients ${String(result.tokens_per_s).padStart(7)} tokens/s, ` +
          `${result.ratio.toFixed(2)} times one client's; first token after ${
            result.first_token_ms.toFixed(1)
          } ms`,
      );
    }
  }
  for (const { id } of store.listed) await store.open(id);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  const memory = {
    models: store.listed.length,
    devices_mib: mib(store.memory()),
    process_mib: mib(Deno.memoryUsage().rss),
  };
  if (json) console.log(JSON.stringify(memory));
  else {
    console.log(
      `all ${memory.models} models open: ${memory.devices_mib} MiB on devices, ${memory.process_mib} MiB in the process`,
    );
  }
  await store.close();
}
