import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { UserError } from "../errors.ts";
import { letOthersIn, watchNetwork } from "../event_loop.ts";
import { modelConfig, withContext } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";
import { Batcher, QueueFullError } from "./batch.ts";
import { generate, generateAll } from "./generate.ts";
import { sampleToken } from "../ops/sample.ts";
import { candidates } from "./sample.ts";

const device = await CpuDevice.open({ threads: 1 });
const CONFIG = modelConfig({ vocab: 11, context: 8, layers: 1, heads: 2, width: 16, hidden: 32 });
const model = new Decoder(device, CONFIG);
model.initialize(3);
const NEVER = 99;

async function collect(
  prompt: number[],
  options: Partial<Parameters<typeof generate>[2]> = {},
): Promise<number[]> {
  const all = { maxNewTokens: 30, temperature: 1, topK: 0, seed: 1, stop: NEVER, ...options };
  return await Array.fromAsync(generate(model, Uint32Array.from(prompt), all));
}

Deno.test("greedy decoding with a cache takes the tokens that whole passes would take", async () => {
  const made = await collect([1, 2], { maxNewTokens: 6, temperature: 0 });
  const ids = [1, 2];
  for (const token of made) {
    const tokens = { ids: Uint32Array.from(ids), batch: 1, time: ids.length };
    const logits = await scope(() => device.read(model.logits(tokens).buffer));
    const last = logits.subarray((ids.length - 1) * 11);
    assertEquals(token, last.indexOf(Math.max(...last)));
    ids.push(token);
  }
});

Deno.test("generation goes on past the context, and a long prompt is cut from the left", async () => {
  assertEquals((await collect([1])).length, 30);
  assertEquals((await collect(Array.from({ length: 40 }, (_, i) => i % 11))).length, 30);
});

Deno.test("the seed decides the text, and the stop token ends it", async () => {
  const once = await collect([1]);
  assertEquals(await collect([1]), once);
  assertEquals(JSON.stringify(await collect([1], { seed: 2 })) === JSON.stringify(once), false);
  const stop = once[5];
  assertEquals(await collect([1], { stop }), once.slice(0, once.indexOf(stop)));
});

Deno.test("sampling keeps to the k most probable tokens, and follows the draw", () => {
  const logits = Float32Array.of(0, 2, 1, -1);
  assertEquals(sampleToken(logits, { temperature: 0, topK: 0 }, 0.99), 1);
  assertEquals([0, 0.5, 0.8, 0.999].map((draw) => sampleToken(logits, { temperature: 1, topK: 2 }, draw)), [
    1,
    1,
    2,
    2,
  ]);
  assertEquals(sampleToken(logits, { temperature: 1, topK: 0 }, 0.999), 3);
});

Deno.test("top-p keeps the fewest tokens that reach the probability, and at least one", () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2));
  const draw = (topP: number) =>
    [0, 0.55, 0.7, 0.999].map((u) => sampleToken(logits, { temperature: 1, topK: 0, topP }, u));
  assertEquals(draw(0.4), [0, 0, 0, 0]);
  assertEquals(draw(0.8), [0, 0, 1, 1]);
  assertEquals(draw(1), [0, 1, 1, 2]);
  assertEquals(draw(0), [0, 0, 0, 0]);
});

Deno.test("log-probabilities are those of the softmax, the most probable first", () => {
  const { own, top } = candidates(Float32Array.of(Math.log(1), Math.log(3), Math.log(4)), 0, 2);
  assertEquals([own, ...top].map(({ id, logprob }) => [id, Math.exp(logprob).toFixed(4)]), [
    [0, "0.1250"],
    [2, "0.5000"],
    [1, "0.3750"],
  ]);
});

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: sequences that share passes are written as each alone`, async () => {
    const model = new Decoder(device, CONFIG);
    model.initialize(3);
    const prompts = [[1], [2, 3, 4, 5, 6, 7], [9, 8], Array.from({ length: 40 }, (_, i) => i % 11), [
      5,
      5,
      5,
    ]];
    const options = { maxNewTokens: 25, temperature: 0.8, topK: 0, stop: NEVER };
    const alone = [];
    for (const [seed, prompt] of prompts.entries()) {
      alone.push(await Array.fromAsync(generate(model, Uint32Array.from(prompt), { ...options, seed })));
    }
    const batcher = new Batcher(model, { rows: 3, queue: 9 });
    const together = await Promise.all(prompts.map(async (prompt, seed) => {
      const tokens = await Array.fromAsync(batcher.generate(Uint32Array.from(prompt), { ...options, seed }));
      return tokens.map(({ id }) => id);
    }));
    await batcher.close();
    assertEquals(together, alone);
  });
}

Deno.test("many prompts are answered in their order, each as it would be alone, and say why they end", async () => {
  const prompts = Array.from({ length: 20 }, (_, seed) => {
    const options = { maxNewTokens: 1 + seed * 5 % 9, temperature: 0.8, topK: 0, seed, stop: 7 };
    return [Uint32Array.of(seed % 11, 2 * seed % 11), options] as const;
  });
  const done: number[] = [];
  const all = await generateAll(model, prompts, (n) => done.push(n));
  assertEquals(done, prompts.map((_, i) => i + 1));
  for (const [i, [prompt, options]] of prompts.entries()) {
    const alone = await Array.fromAsync(generate(model, prompt, options));
    const reason = alone.length < options.maxNewTokens ? "stop" : "length";
    assertEquals(all[i], { ids: alone, reason });
  }
  assertEquals(new Set(all.map(({ reason }) => reason)), new Set(["stop", "length"]));
  assertEquals(await generateAll(model, [], () => {}), []);
});

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: the logits of chosen positions are those of a whole pass`, async () => {
    const model = new Decoder(device, CONFIG);
    model.initialize(3);
    const tokens = { ids: Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1), batch: 3, time: 4 };
    const positions = [3, 0, 2];
    const all = await scope(() => device.read(model.logits(tokens).buffer));
    const chosen = await scope(() => device.read(model.logitsAt(positions, tokens).buffer));
    positions.forEach((position, b) => {
      const from = (4 * b + position) * 11;
      all.subarray(from, from + 11).forEach((logit, id) => {
        assert(Math.abs(chosen[b * 11 + id] - logit) < 1e-5 * (1 + Math.abs(logit)));
      });
    });
  });
}

/** A device with some of its methods replaced. */
function changed(device: Device, methods: Partial<Device>): Device {
  return new Proxy(device, {
    get(target, key) {
      const method = methods[key as keyof Device] ?? target[key as keyof Device];
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
}

Deno.test("reading a prompt computes logits only where a token is chosen", async () => {
  const heads: number[] = [];
  const counting = changed(device, {
    dispatch(kernel, buffers, args) {
      const { m, n } = args as Record<string, number>;
      if (n === CONFIG.vocab) heads.push(m);
      device.dispatch(kernel, buffers, args);
    },
  });
  // A prompt longer than a single pass can read, so that some passes choose no token.
  const model = new Decoder(counting, { ...CONFIG, context: 256 });
  model.initialize(3);
  const prompt = Uint32Array.from({ length: 200 }, (_, i) => i % 11);
  const options = { maxNewTokens: 3, temperature: 0, topK: 0, seed: 1, stop: NEVER };
  assertEquals((await Array.fromAsync(generate(model, prompt, options))).length, 3);
  assertEquals(heads, [1, 1, 1]);
});

Deno.test("a cache that cannot be allocated is an error, and takes no row from later requests", async () => {
  let full = true;
  let taken = 0;
  const scarce = changed(device, {
    alloc(bytes) {
      // Fails at the second tensor of the cache.
      if (full && bytes === 2 * CONFIG.context * CONFIG.width * 4 && taken++ > 0) {
        throw new UserError("out of memory");
      }
      return device.alloc(bytes);
    },
  });
  const model = new Decoder(scarce, CONFIG);
  model.initialize(3);
  const batcher = new Batcher(model, { rows: 2, queue: 2 });
  const options = { maxNewTokens: 2, temperature: 0, topK: 0, seed: 1, stop: NEVER };
  for (let i = 0; i < 3; i++) {
    taken = 0;
    await assertRejects(
      () => batcher.generate(Uint32Array.of(1), options).next(),
      UserError,
      "out of memory",
    );
  }
  assertEquals(batcher.load, { active: 0, waiting: 0 });
  full = false;
  assertEquals((await Array.fromAsync(batcher.generate(Uint32Array.of(1), options))).length, 2);
  await batcher.close();
});

Deno.test("an empty prompt is refused", async () => {
  const batcher = new Batcher(model, { rows: 1, queue: 1 });
  const options = { maxNewTokens: 2, temperature: 0, topK: 0, seed: 1, stop: NEVER };
  assertThrows(() => batcher.generate(new Uint32Array(), options), RangeError, "at least one token");
  await batcher.close();
});

Deno.test("logits that are not finite end the text with an error, at any temperature", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const broken = new Decoder(device, CONFIG);
    broken.load(({ name, shape }) => {
      const weights = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
      if (name === "norm.bias") weights[0] = value;
      return weights;
    });
    for (const temperature of [0, 1]) {
      const batcher = new Batcher(broken, { rows: 1, queue: 1 });
      const options = { maxNewTokens: 2, temperature, topK: 0, seed: 1, stop: NEVER };
      await assertRejects(() => batcher.generate(Uint32Array.of(1), options).next(), UserError, "not finite");
      assertEquals(batcher.load, { active: 0, waiting: 0 });
      await batcher.close();
    }
  }
});

Deno.test("a batcher refuses what exceeds its queue, and frees the rows of readers that leave", async () => {
  const batcher = new Batcher(model, { rows: 1, queue: 1 });
  const endless = { maxNewTokens: 1e6, temperature: 1, topK: 0, seed: 1, stop: NEVER };
  const first = batcher.generate(Uint32Array.of(1), endless);
  await first.next();
  const controller = new AbortController();
  const second = batcher.generate(Uint32Array.of(2), { ...endless, signal: controller.signal });
  assertThrows(() => batcher.generate(Uint32Array.of(3), endless), QueueFullError);
  await first.return("aborted");
  assertEquals((await second.next()).done, false);
  assertEquals(batcher.load, { active: 1, waiting: 0 });
  controller.abort();
  let last = await second.next();
  while (!last.done) last = await second.next();
  assertEquals(last.value, "aborted");
  await batcher.close();
  assertEquals(batcher.load, { active: 0, waiting: 0 });
});

Deno.test("a sequence that begins at the moment when the last one is done is written too", async () => {
  const unwatch = await watchNetwork();
  const batcher = new Batcher(model, { rows: 2, queue: 1 });
  const options = { maxNewTokens: 1, temperature: 0, topK: 0, seed: 1, stop: NEVER };
  const write = () => Array.fromAsync(batcher.generate(Uint32Array.of(1), options));
  try {
    for (let steps = 0; steps < 40; steps++) {
      const began = performance.now();
      while (performance.now() - began < 11); // so that the batcher looks for the network between passes
      const first = write();
      await Promise.resolve();
      await letOthersIn(); // together with the batcher
      for (let i = 0; i < steps; i++) await Promise.resolve();
      const late = new Promise((resolve) => setTimeout(resolve, 5000, "never"));
      assertEquals(await Promise.race([write(), late]), await first, `after ${steps} steps`);
    }
  } finally {
    await batcher.close();
    unwatch();
  }
});

Deno.test("the event loop runs while text is written", async () => {
  const batcher = new Batcher(model, { rows: 1, queue: 0 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const options = { maxNewTokens: 300, temperature: 1, topK: 0, seed: 1, stop: NEVER };
  for await (const _ of batcher.generate(Uint32Array.of(1), options));
  clearInterval(timer);
  await batcher.close();
  assertEquals(ticks > 2, true);
});

Deno.test("a model without learned positions writes past the context that it was trained with", async () => {
  const trained = modelConfig({ ...CONFIG, position: "alibi" });
  const options = { maxNewTokens: 20, temperature: 0, topK: 0, seed: 1, stop: NEVER };
  const long = new Decoder(device, withContext(trained, 64));
  long.initialize(3);
  const ids: number[] = [];
  for await (const id of generate(long, Uint32Array.of(1, 2), options)) ids.push(id);
  // The cache holds the whole sequence, so nothing is forgotten: each token must match the full sequence's logits.
  const all = Uint32Array.of(1, 2, ...ids);
  const logits = await scope(() => device.read(long.logits({ ids: all, batch: 1, time: all.length }).buffer));
  ids.forEach((id, i) => {
    const row = logits.subarray((i + 1) * CONFIG.vocab, (i + 2) * CONFIG.vocab);
    assertEquals(row.indexOf(Math.max(...row)), id);
  });
  assertThrows(() => withContext(CONFIG, 64), Error, "learned positions end with the 8");
});

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: the next turns of conversations read only what is new, and are written as if read whole`, async () => {
    const model = new Decoder(device, { ...CONFIG, context: 24 });
    model.initialize(3);
    const batcher = new Batcher(model, { rows: 2, queue: 9 });
    const talks = [[1, 2, 3, 4], [5, 6, 7]];
    const options = { maxNewTokens: 4, temperature: 0.8, topK: 0, seed: 1, stop: NEVER };
    const cached: number[][] = [];
    for (let turn = 0; turn < 4; turn++) {
      await Promise.all(talks.map(async (talk, i) => {
        const onCached = (tokens: number) => (cached[turn] ??= [])[i] = tokens;
        const prompt = Uint32Array.from(talk);
        const alone = await Array.fromAsync(generate(model, prompt, options));
        const tokens = await Array.fromAsync(batcher.generate(prompt, { ...options, onCached }));
        assertEquals(tokens.map(({ id }) => id), alone);
        talk.push(...alone, 8, turn);
      }));
    }
    // Everything except perhaps the last token of the previous answer, which may not have been through the model.
    const known = [[0, 0], [7, 6], [13, 12], [19, 18]];
    cached.flat().forEach((tokens, i) =>
      assert(tokens - known.flat()[i] === 0 || tokens - known.flat()[i] === 1)
    );
    await batcher.close();
  });
}

/** Runs prompts one after another in a batcher, and returns how many tokens of each prompt were still in the cache. */
async function knownOf(rows: number, prompts: number[][], maxNewTokens = 1): Promise<number[]> {
  const batcher = new Batcher(model, { rows, queue: 0 });
  const known: number[] = [];
  for (const prompt of prompts) {
    const onCached = (tokens: number) => known.push(tokens);
    const options = { maxNewTokens, temperature: 0, topK: 0, seed: 1, stop: NEVER, onCached };
    await Array.fromAsync(batcher.generate(Uint32Array.from(prompt), options));
  }
  await batcher.close();
  return known;
}

Deno.test("a prompt that is asked again reads its last token only, and another takes the row that rested longest", async () => {
  const [a, b, c] = [[1, 2, 3, 4, 5], [6, 7, 8, 9], [1, 9, 9, 9]];
  assertEquals(await knownOf(2, [a, b, a, b]), [0, 0, 4, 3]);
  assertEquals(await knownOf(2, [a, b, c, b]), [0, 0, 1, 3]);
  // The little that c shares with a is not worth forgetting the rest of a.
  assertEquals(await knownOf(3, [a, b, c, a]), [0, 0, 0, 4]);
});

Deno.test("what a context that slid has forgotten is not taken for known", async () => {
  // The context of 8 slides at the fourth new token; after that the row starts in the middle of the sequence.
  const long = [1, 2, 3, 4, 5];
  assertEquals(await knownOf(1, [long, long], 6), [0, 0]);
  const once = await collect(long, { maxNewTokens: 6, temperature: 0 });
  const batcher = new Batcher(model, { rows: 1, queue: 0 });
  for (let i = 0; i < 2; i++) {
    const options = { maxNewTokens: 6, temperature: 0, topK: 0, seed: 1, stop: NEVER };
    const tokens = await Array.fromAsync(batcher.generate(Uint32Array.from(long), options));
    assertEquals(tokens.map(({ id }) => id), once);
  }
  await batcher.close();
});

for (
  const { name, device } of [
    { name: "oracle", device: new OracleDevice() },
    ...await testDevices(),
  ]
) {
  Deno.test(`${name}: several tokens that are read together are those that come one by one`, async () => {
    let reads = 0;
    const counting = changed(device, {
      read(buffer) {
        reads++;
        return device.read(buffer);
      },
    });
    const config = { ...CONFIG, context: 64 };
    const [fast, slow] = [new Decoder(counting, config), new Decoder(device, config)];
    for (const model of [fast, slow]) model.initialize(3);
    const options = { temperature: 0.9, topK: 0, seed: 5, stop: NEVER, maxNewTokens: 50 };
    const [first, ...rest] = [[1, 2], [3, 4, 5], [6]].map((ids) => Uint32Array.from(ids));
    // With alternatives, all logits are read back for every token.
    const single = new Batcher(slow, { rows: 1, queue: 3 });
    const expected = await Promise.all([first, ...rest].map(async (prompt, i) => {
      const tokens = single.generate(prompt, { ...options, maxNewTokens: 50 - 20 * i, alternatives: 0 });
      return (await Array.fromAsync(tokens)).map(({ id }) => id);
    }));
    await single.close();
    const stop = expected[1].find((id, i) => i > 3 && !expected[1].slice(0, i).includes(id))!;
    const batcher = new Batcher(fast, { rows: 3, queue: 3, steps: 8 });
    const made = await Promise.all([first, ...rest].map(async (prompt, i) => {
      const own = { ...options, maxNewTokens: 50 - 20 * i, stop: i === 1 ? stop : NEVER };
      return (await Array.fromAsync(batcher.generate(prompt, own))).map(({ id }) => id);
    }));
    assertEquals(made, [expected[0], expected[1].slice(0, expected[1].indexOf(stop)), expected[2]]);
    assert(reads < 12, `${reads} reads`);
    // The tokens left in the cache when a sequence stopped are reused, and are correct.
    let cached = 0;
    const again = Uint32Array.from([...rest[0], ...made[1], 7]);
    const own = { ...options, maxNewTokens: 5, onCached: (tokens: number) => cached = tokens };
    const next = await Array.fromAsync(batcher.generate(again, own));
    assertEquals(cached, again.length - 1);
    const whole = await Array.fromAsync(generate(slow, again, { ...options, maxNewTokens: 5 }));
    assertEquals(next.map(({ id }) => id), whole);
    await batcher.close();
  });
}
