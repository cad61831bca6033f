import {
  assert,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { UserError } from "../errors.ts";
import { Decoder } from "../model/decoder.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { embeddingForward } from "../ops/embedding.ts";
import { fillKernel } from "../ops/fill.ts";
import { kernels } from "../ops/table.ts";
import { addKernel, differentiate } from "../ops/tape.ts";
import { pulse } from "../pulse.ts";
import { scope } from "../tensor/tensor.ts";
import { Optimizer } from "../train/optimizer.ts";
import { benchmarkModel, configOf, profileSteps } from "../train/measure.ts";
import { CpuDevice, reserve } from "./cpu.ts";
import { DONE, GENERATION, JOB_AT, PAGES, READY, Threads } from "./cpu_threads.ts";
import { type Device, shadersOf } from "./device.ts";
import { findAdapter, openDevice } from "./open.ts";
import { sizeClass, SizeClassPool } from "./size_class_pool.ts";
import { hardware, testDevices, testGpu } from "./testing.ts";
import { WebGpuDevice } from "./webgpu.ts";

const SHAPE = { layers: 2, heads: 2, width: 32, context: 24, batch: 3, vocab: 41 };

Deno.test("size classes waste at most a quarter, and never shrink a request", () => {
  for (let bytes = 4; bytes < 5e6; bytes = Math.ceil(bytes * 1.07)) {
    const size = sizeClass(bytes);
    assert(size >= bytes && size % 256 === 0);
    if (bytes > 1024) assertLess(size, bytes * 1.25 + 256);
  }
});

Deno.test("the pool hands out the same buffers in the same order after each sort", () => {
  let id = 0;
  const pool = new SizeClassPool((bytes) => ({ id: id++, bytes }));
  const round = () => {
    const taken = [pool.take(1000), pool.take(1000), pool.take(9000)];
    taken.forEach((item) => pool.give(item));
    pool.sort();
    return taken.map((item) => item.id);
  };
  assertEquals(round(), round());
  assertEquals(id, 3);
});

Deno.test("kernels.wasm is what its sources build to", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "build-kernels", "--check"],
    cwd: new URL("../../", import.meta.url).pathname,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
});

Deno.test("results on the cpu device are the same bit for bit on 1, 2 and 3 threads", async () => {
  const losses = [];
  for (const threads of [1, 2, 3]) {
    const device = await CpuDevice.open({ threads });
    const model = benchmarkModel(device, SHAPE);
    const run = [];
    for (let i = 0; i < 5; i++) run.push(await model.step());
    losses.push(run);
    device.close();
  }
  assertEquals(losses[1], losses[0]);
  assertEquals(losses[2], losses[0]);
  assertLess(losses[0][4], losses[0][0]);
});

Deno.test("a steady training step on the cpu device allocates nothing", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const model = benchmarkModel(device, SHAPE);
  await model.step();
  await model.step();
  const before = device.created.buffers;
  await model.step();
  assertEquals(device.created.buffers, before);
  device.close();
});

Deno.test("the cpu device says how much memory is missing", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const error = await assertRejects(async () => void await device.alloc(17 * 2 ** 30), UserError);
  assert(
    /out of memory: \d+\.\d GiB needed, the cpu device reaches \d+\.\d GiB here.*pretrain\.batch/.test(
      error.message,
    ),
    error.message,
  );
  device.close();
});

for (const threads of [1, 2, 3]) {
  Deno.test(`a Wasm trap on any of ${threads} threads is an error, and closes the device`, async () => {
    const device = await CpuDevice.open({ threads });
    const width = 2 ** 22;
    const [table, out] = [device.alloc(width * 4), device.alloc(2 * width * 4)];
    const lookUp = (...ids: number[]) => {
      const rows = { rows: ids.length, width };
      device.dispatch(embeddingForward, [device.upload(Uint32Array.from(ids)), table, out], rows);
    };
    lookUp(0, 0);
    // The first thread copies the first row for some ms; another thread takes the last row, which is out of bounds.
    const failed = "the cpu device failed in embedding_forward, and is closed: memory access out of bounds";
    assertThrows(() => lookUp(0, 2 ** 32 - 1), Error, failed);
    assertThrows(() => lookUp(0, 0), Error, failed);
    device.close();
  });
}

Deno.test("auto says why it takes the device it takes", async () => {
  const { device, why } = await openDevice("auto", { threads: 1 });
  assert(why.length > 10);
  device.close();
});

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: what lies before a milestone is fetched, and what follows is done as without it`, async () => {
    const n = 192;
    const whole = device.alloc(4 * n * 5);
    const parts = Array.from({ length: 5 }, (_, i) => device.slice(whole, 4 * n * i, 4 * n));
    const filled = (value: number) => new Float32Array(n).fill(value);
    for (let round = 0; round < 3; round++) {
      const milestones = parts.map((part, i) => {
        device.dispatch(fillKernel, [part], { n, value: 10 * round + i });
        return device.milestone();
      });
      // Reads the first twice, one as part of a larger buffer, and one only when all work is done.
      assertEquals(await milestones[0].read(parts[0]), filled(10 * round));
      assertEquals(await milestones[0].read(parts[0]), filled(10 * round));
      const two = device.slice(whole, 0, 4 * 2 * n);
      assertEquals((await milestones[1].read(two)).slice(n), filled(10 * round + 1));
      milestones[1].write(parts[1], filled(-2));
      assertEquals(await milestones[3].read(parts[3]), filled(10 * round + 3));
      const snapshot = device.snapshot(parts[4]);
      device.write(parts[0], filled(-1));
      assertEquals(await snapshot.data(), filled(10 * round + 4));
      assertEquals(await milestones[2].read(parts[2]), filled(10 * round + 2));
      assertEquals(await device.read(parts[0]), filled(-1));
      assertEquals(await device.read(parts[1]), filled(-2));
    }
  });
}

const gpu = await testGpu();
if (gpu) {
  Deno.test("webgpu: at a milestone, the next part of the work is handed over, and no more", async () => {
    const n = 64, buffer = gpu.alloc(4 * n);
    gpu.flush();
    const before = gpu.submits;
    const milestones = [0, 1, 2, 3].map((value) => {
      gpu.dispatch(fillKernel, [buffer], { n, value });
      return gpu.milestone();
    });
    const reads: number[][] = [];
    // If later parts were submitted too early, the reads would see what they write.
    for (const milestone of milestones) {
      const read = milestone.read(buffer);
      reads.push([gpu.submits - before, (await read)[0]]);
    }
    assertEquals(reads, [[2, 0], [4, 1], [6, 2], [7, 3]]);
  });

  Deno.test("webgpu: what is written at a milestone hands no later part over, and stays", async () => {
    const n = 64, whole = gpu.alloc(4 * n * 4);
    const parts = Array.from({ length: 4 }, (_, i) => gpu.slice(whole, 4 * n * i, 4 * n));
    const milestones = parts.map((part, value) => {
      gpu.dispatch(fillKernel, [part], { n, value });
      return gpu.milestone();
    });
    await milestones[0].read(parts[0]);
    const { submits } = gpu;
    milestones[0].write(parts[0], new Float32Array(n).fill(9));
    assertEquals(gpu.submits, submits);
    const values = await gpu.read(whole);
    assertEquals(parts.map((_, i) => values[n * i]), [9, 1, 2, 3]);
  });

  Deno.test("webgpu: more dispatches than a recording takes lie between milestones", async () => {
    const n = 64, buffers = [0, 1].map(() => gpu.alloc(4 * n));
    const count = 5000;
    const milestones = Array.from({ length: count }, (_, i) => {
      gpu.dispatch(fillKernel, [buffers[Math.floor(i / 1024) % 2]], { n, value: i });
      return i % 1024 === 1023 ? gpu.milestone() : null;
    }).filter((milestone) => milestone !== null);
    // The forced flushes have submitted all but the last dispatches.
    assertEquals((await milestones[3].read(buffers[1]))[0], 4095);
    assertEquals((await gpu.read(buffers[0]))[0], 4999);
    // Everything was submitted at milestones, and the slots are reused.
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2048; i++) gpu.dispatch(fillKernel, [buffers[i % 2]], { n, value: i });
      assertEquals((await gpu.milestone().read(buffers[1]))[0], 2047);
    }
    assertEquals((await gpu.read(buffers[0]))[0], 2046);
  });

  Deno.test("webgpu: a milestone on a device that was closed is an error, not a wait", async () => {
    const own = await WebGpuDevice.open((await findAdapter())!);
    const buffer = own.alloc(256);
    own.dispatch(fillKernel, [buffer], { n: 64, value: 1 });
    const milestone = own.milestone();
    own.close();
    await assertRejects(() => milestone.read(buffer));
  });

  Deno.test("webgpu: every shader compiles", async () => {
    for (const kernel of kernels) {
      for (const shader of shadersOf(kernel)) {
        assertEquals(await gpu.compile(shader, kernel.params), []);
        if (gpu.float16) assertEquals(await gpu.compile(shader, kernel.params, "f16"), []);
      }
    }
  });

  Deno.test("webgpu: a shader that does not compile is told with its line", async () => {
    const wgsl = "@compute @workgroup_size(1)\nfn main() {\n  let x: f32 = 1u;\n}\n";
    const [fault] = await gpu.compile({ name: "broken", wgsl }, { n: "u32" });
    assert(fault.startsWith("broken.wgsl:3:"), fault);
  });

  Deno.test("webgpu: from its third step on, training creates no buffers, bind groups or pipelines, and submits once a step", async () => {
    const model = benchmarkModel(gpu, SHAPE);
    for (let i = 0; i < 3; i++) await model.step();
    const before = { ...gpu.created }, submits = gpu.submits;
    for (let i = 0; i < 3; i++) await model.step();
    assertEquals(gpu.created, before);
    assertEquals(gpu.submits - submits, 3);
  });

  if (gpu.float16) {
    Deno.test("webgpu: with mixed precision losses are those of float32, and steps create nothing either", async () => {
      const [plain, mixed] = [benchmarkModel(gpu, SHAPE), benchmarkModel(gpu, SHAPE, { mixed: true })];
      for (let i = 0; i < 6; i++) assertLess(Math.abs(await mixed.step() - await plain.step()), 5e-3);
      for (let i = 0; i < 3; i++) await mixed.step(); // without float32 steps in between, which take other buffers
      const before = { ...gpu.created }, submits = gpu.submits;
      for (let i = 0; i < 3; i++) await mixed.step();
      assertEquals(gpu.created, before);
      assertEquals(gpu.submits - submits, 3);
    });
  }

  if (gpu.float16) {
    Deno.test("webgpu: a loss scale too large for float16 shows in the norm, and changes no weight", async () => {
      const model = new Decoder(gpu, configOf(SHAPE));
      model.initialize(1);
      model.parameters.addFloat16Copies();
      const options = {
        algorithm: "adamw" as const,
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
        weightDecay: 0.1,
        clip: 1,
      };
      const optimizer = new Optimizer(model.parameters, options);
      const ids = Uint32Array.from({ length: SHAPE.batch * SHAPE.context }, (_, i) => i % SHAPE.vocab);
      const squaredNorm = async (scale: number) => {
        const scaling = {
          dtype: "float32",
          shape: [5],
          data: Float32Array.of(scale, scale, 0, 0, 0),
        } as const;
        optimizer.restore(new Map([["scaling", scaling]]), 0);
        const norm = scope(() => {
          optimizer.zeroGradients();
          const tokens = { ids, batch: SHAPE.batch, time: SHAPE.context };
          differentiate(() => model.loss(tokens, ids), optimizer.lossGradient(1));
          return gpu.read(optimizer.step(1, 0.1).buffer);
        });
        return (await norm)[0];
      };
      const before = await gpu.read(model.parameters.weights.buffer);
      assert(!Number.isFinite(await squaredNorm(2 ** 40)));
      assertEquals(await gpu.read(model.parameters.weights.buffer), before);
      assert(Number.isFinite(await squaredNorm(2 ** 10)));
      assertNotEquals(await gpu.read(model.parameters.weights.buffer), before);
    });
  }

  Deno.test("webgpu: a model with weights of over 128 MiB trains as on the cpu device, where the GPU's limits allow it", async () => {
    const shape = { layers: 1, heads: 2, width: 256, context: 4, batch: 1, vocab: 140_000 };
    const model = benchmarkModel(gpu, shape);
    const bytes = 4 * model.parameters;
    assert(bytes > 2 ** 27);
    if (bytes > gpu.limits.maxStorageBufferBindingSize) {
      await assertRejects(
        () => model.step(),
        UserError,
        "a buffer of 140 MiB is needed, this GPU allows 128 MiB",
      );
      return;
    }
    const cpu = await CpuDevice.open({ threads: 2 });
    const same = benchmarkModel(cpu, shape);
    for (let i = 0; i < 2; i++) assertLess(Math.abs(await model.step() - await same.step()), 1e-4);
    cpu.close();
  });

  Deno.test("webgpu: auto takes a hardware GPU, and the cpu device where the GPU is too small for the model", async () => {
    const adapter = (await findAdapter())!;
    const config = configOf({ ...SHAPE, vocab: 70_000 });
    const checkpoint = {
      config,
      head: null,
      values: ({ shape }: { shape: readonly number[] }) => new Float32Array(shape.reduce((a, b) => a * b, 1)),
    };
    const open = async (
      limits: Parameters<typeof hardware>[1],
      trial = (device: Device) => inferOnce(device, checkpoint),
    ) => {
      const said: string[] = [];
      const { error } = console;
      console.error = (line: string) => said.push(line);
      const find = () => Promise.resolve(hardware(adapter, limits));
      try {
        const { device, why } = await openDevice("auto", { threads: 1, find, trial });
        const before = device.memory().used;
        openDecoder(device, checkpoint);
        const grown = device.memory().used - before;
        device.close();
        return { name: device.name, why, said, grown };
      } finally {
        console.error = error;
      }
    };
    // The model takes the memory that the trial gave back.
    assertEquals(await open({}), { name: "webgpu", why: "a hardware GPU was found", said: [], grown: 0 });
    const tooSmall = async (
      limits: Parameters<typeof hardware>[1],
      says: string,
      trial?: () => Promise<void>,
    ) => {
      const { name, why, said } = await open(limits, trial);
      assertEquals([name, said], ["cpu", [`device: cpu, as ${why}`]]);
      assertStringIncludes(why, says);
    };
    await tooSmall(
      { maxComputeWorkgroupStorageSize: 16384 },
      "the GPU gives a workgroup 16384 bytes of memory",
    );
    await tooSmall({ maxBufferSize: 2 ** 20 }, "the GPU is too small for this model: a buffer of");
    await tooSmall({ maxStorageBufferBindingSize: 2 ** 20 }, "this GPU allows 1 MiB");
    await tooSmall({ maxBufferSize: 2 ** 60 }, "the GPU cannot be opened (");
    const full = () =>
      Promise.reject(new UserError("the GPU is out of memory (9 MiB in use); lower the batch"));
    await tooSmall({}, "the GPU is too small for this model: the GPU is out of memory (9 MiB in use)", full);
  });

  Deno.test("webgpu: the clock times every dispatch, and changes no result", async () => {
    const losses = async (timed: boolean) => {
      const model = benchmarkModel(gpu, SHAPE);
      const clock = timed ? gpu.startClock() : null;
      const losses = [await model.step(), await model.step()];
      if (timed) gpu.stopClock();
      await clock?.settled();
      return { losses, times: clock?.times };
    };
    const [plain, { losses: timed, times }] = [await losses(false), await losses(true)];
    assertEquals(timed, plain.losses);
    assertEquals(times!.get("adamw")!.calls, 2 * 2); // one for parameters with weight decay, one for those without
    for (const [name, { ms }] of times!) assert(ms >= 0 && ms < 1e4, `${name}: ${ms}`);
  });

  Deno.test("webgpu: a profile has every kernel of a step, with its share of what the GPU can do", async () => {
    const { kernels, ceilings, ms_per_step, recording_us } = await profileSteps(gpu, SHAPE, 2);
    assert(recording_us > 0 && ms_per_step > 0 && ceilings!.gflops > 0 && ceilings!.gb_per_s > 0);
    const names = kernels.map(({ name }) => name);
    for (const name of ["linear_gradient", "attention_forward", "adamw", "cross_entropy_backward"]) {
      assert(names.includes(name), `${name} of ${names}`);
    }
    assert(kernels.every(({ ms }, i) => i === 0 || ms <= kernels[i - 1].ms));
    assertEquals(kernels.find(({ name }) => name === "adamw")!.calls, 2 * 2);
  });
}

Deno.test("a lazy device computes before its threads are there, and ends those that start after it is closed", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  const [cpu, table] = ["./cpu.ts", "../ops/fill.ts"].map((path) => new URL(path, import.meta.url).href);
  await Deno.writeTextFile(
    script,
    `import { CpuDevice } from "${cpu}";
    import { fillKernel } from "${table}";
    const device = await CpuDevice.open({ threads: 3, lazy: true });
    const n = 2 ** 20, buffer = device.alloc(4 * n);
    device.dispatch(fillKernel, [buffer], { n, value: 7 });
    const read = await device.read(buffer);
    device.close();
    console.log(read.every((x) => x === 7));`,
  );
  const args = ["run", "-q", "--no-prompt", "--allow-read", "--config", "deno.json", script];
  for (let i = 0; i < 3; i++) {
    const { stdout, code } = await new Deno.Command(Deno.execPath(), {
      args,
      signal: AbortSignal.timeout(120_000),
    }).output();
    assertEquals([new TextDecoder().decode(stdout).trim(), code], ["true", 0]);
  }
  await Deno.remove(script);
});

Deno.test("a wake-up that comes late does not make a thread do its job twice", async () => {
  const path = new URL("../../kernels/cpu/kernels.wasm", import.meta.url);
  const wasm = await WebAssembly.compile(await Deno.readFile(path));
  const { memory } = reserve();
  const threads = new Threads({ kernels: wasm, memory, tile: 8, threads: 2 });
  await threads.ready();
  const words = new Int32Array(memory.buffer, JOB_AT, 16);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  // Two tasks that fill one element each, in the memory's last page.
  const at = BigInt(PAGES.min * 65536 - 65536);
  threads.run("fill", 2, [0n, at], [8192, 1], { grain: 1, step: 0, alone: false });
  await pause(); // by then the worker sleeps
  const done = Atomics.load(words, DONE);
  Atomics.notify(words, GENERATION);
  await pause();
  assertEquals(Atomics.load(words, DONE), done);
  threads.close();
});

Deno.test("the cpu device gives signs of life during a long kernel, which computes the same in several calls", async () => {
  const n = 1_000_000, values = Float32Array.from({ length: n }, (_, i) => i);
  for (const threads of [1, 2]) {
    const device = await CpuDevice.open({ threads });
    const a = device.upload(values), out = device.alloc(4 * n);
    const beats = (kernel: typeof addKernel) => {
      const before = pulse[0];
      device.dispatch(kernel, [a, a, out], { n });
      return pulse[0] - before;
    };
    const usual = beats(addKernel);
    const long = beats({ ...addKernel, flops: () => 2 ** 42 });
    // With two threads, the other may happen to do it all.
    if (threads === 1) assert(long > usual + 20, `${usual} and ${long} beats`);
    assertEquals(await device.read(out), values.map((value) => value + value));
    device.close();
  }
});

Deno.test("a job is done without the threads that get no processor to join it", async () => {
  const path = new URL("../../kernels/cpu/kernels.wasm", import.meta.url);
  const wasm = await WebAssembly.compile(await Deno.readFile(path));
  const { memory } = reserve();
  const threads = new Threads({ kernels: wasm, memory, tile: 8, threads: 3 });
  new Int32Array(memory.buffer, JOB_AT, 16)[READY] = 2; // though none has started yet
  const at = PAGES.min * 65536 - 65536; // the memory's last page
  threads.run("fill", 4, [0n, BigInt(at)], [16384, 7], { grain: 1, step: 0, alone: false });
  assert(new Float32Array(memory.buffer, at, 16384).every((x) => x === 7));
  threads.close();
});
