/** Compares exported graphs in ONNX Runtime with our own decoder and classifier. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { assert, assertEquals, assertLess } from "@std/assert";
import { CpuDevice } from "../../device/cpu.ts";
import type { ModelConfig } from "../../model/config.ts";
import { Classifier } from "../../model/classifier.ts";
import { Decoder } from "../../model/decoder.ts";
import { scope } from "../../tensor/tensor.ts";
import { classifierGraph } from "../onnx/classifier.ts";
import { decoderGraph } from "../onnx/decoder.ts";
import { encodeOnnx } from "../onnx/encode.ts";
import type { Graph } from "../onnx/graph.ts";
import { difference, indexOfLargest, MODELS, promptOf, valuesOf } from "../testing.ts";

/** Number of tokens to generate. */
const COUNT = 40;

/** The largest difference of logits that is allowed. */
const TOLERANCE = 1e-3;

const device = await CpuDevice.open({ threads: 1 });

type Cache = Record<string, Tensor>;

function emptyCache({ layers, kvHeads, headWidth }: ModelConfig, batch: number): Cache {
  const empty = () => new Tensor("float32", new Float32Array(0), [batch, kvHeads, 0, headWidth]);
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  return Object.fromEntries(names.map((name) => [`past_key_values.${name}`, empty()]));
}

async function open(graph: Graph): Promise<InferenceSession> {
  const { model } = encodeOnnx(graph, { dataName: "none" });
  return await InferenceSession.create(new Uint8Array(await new Blob([...model]).arrayBuffer()));
}

/** An integer tensor from rows of equal length. */
function int64(rows: readonly ArrayLike<number>[]): Tensor {
  const values = rows.flatMap((row) => Array.from(row, BigInt));
  return new Tensor("int64", BigInt64Array.from(values), [rows.length, rows[0].length]);
}

/** An exported decoder. */
class Exported {
  private constructor(readonly config: ModelConfig, readonly session: InferenceSession) {}

  static async open(config: ModelConfig): Promise<Exported> {
    return new Exported(config, await open(decoderGraph(config, valuesOf)));
  }

  /**
   * @param rows token ids; all rows have the same length
   * @param mask for the cached tokens and these
   */
  async run(rows: readonly ArrayLike<number>[], mask: readonly ArrayLike<number>[], cache: Cache) {
    const positions = mask.map((row) => {
      let seen = 0;
      const all = Array.from(row, (real) => real ? seen++ : 1);
      return all.slice(-rows[0].length);
    });
    const reads = this.session.inputNames.includes("position_ids");
    const outputs = await this.session.run({
      input_ids: int64(rows),
      attention_mask: int64(mask),
      ...reads && { position_ids: int64(positions) },
      ...cache,
    });
    const present = Object.entries(outputs).filter(([name]) => name !== "logits");
    return {
      logits: outputs.logits.data as Float32Array,
      cache: Object.fromEntries(
        present.map(([name, tensor]) => [name.replace("present", "past_key_values"), tensor as Tensor]),
      ),
    };
  }
}

const ones = (count: number) => new Uint8Array(count).fill(1);

for (const [name, config] of Object.entries(MODELS)) {
  const decoder = new Decoder(device, config);
  decoder.load(valuesOf);
  const logits = (ids: Uint32Array) =>
    scope(() => device.read(decoder.logits({ ids, batch: 1, time: ids.length }).buffer));

  Deno.test(`${name}: ONNX Runtime gives our logits without a cache`, async () => {
    const exported = await Exported.open(config), ids = promptOf(config, 20);
    const theirs = await exported.run([ids], [ones(20)], emptyCache(config, 1));
    const ours = await logits(ids);
    assert(Math.max(...ours) - Math.min(...ours) > 2, "logits are too alike to tell anything");
    assertLess(difference(theirs.logits, ours), TOLERANCE);
  });

  Deno.test(`${name}: and with one, and chooses the same ${COUNT} tokens`, async () => {
    const exported = await Exported.open(config), kept = decoder.cache(1);
    const given = promptOf(config, 7), chosen: number[] = [];
    let cache = emptyCache(config, 1), ids: Uint32Array = given;
    while (chosen.length < COUNT) {
      const length = given.length + chosen.length;
      const theirs = await exported.run([ids], [ones(length)], cache);
      cache = theirs.cache;
      const ours = await scope(() =>
        device.read(decoder.logits({ ids, batch: 1, time: ids.length }, kept).buffer)
      );
      assertLess(difference(theirs.logits, ours), TOLERANCE);
      const last = ours.subarray(-config.vocab);
      assertEquals(indexOfLargest(theirs.logits.subarray(-config.vocab)), indexOfLargest(last));
      chosen.push(indexOfLargest(last));
      ids = Uint32Array.of(chosen.at(-1)!);
    }
    decoder.releaseCache(kept);
  });

  Deno.test(`${name}: rows that are padded on the left count as if they were not`, async () => {
    const exported = await Exported.open(config), ids = promptOf(config, 12), short = ids.subarray(4, 11);
    const padded = [...new Uint32Array(5), ...short], mask = [...new Uint8Array(5), ...ones(7)];
    const theirs = await exported.run([ids, padded], [ones(12), mask], emptyCache(config, 2));
    const rows = [theirs.logits.subarray(0, 12 * config.vocab), theirs.logits.subarray(-7 * config.vocab)];
    assertLess(difference(rows[0], await logits(ids)), TOLERANCE);
    assertLess(difference(rows[1], await logits(short)), TOLERANCE);
    // The next token uses the cache of both.
    const next = await exported.run([[1], [1]], [ones(13), [...mask, 1]], theirs.cache);
    const whole = await logits(Uint32Array.of(...short, 1));
    assertLess(difference(next.logits.subarray(config.vocab), whole.subarray(-config.vocab)), TOLERANCE);
  });
}

for (const pooling of ["mean", "last"] as const) {
  for (const name of ["gpt2", "qwen3", "no family: alibi, relu2, softcap"]) {
    const config = MODELS[name], head = { labels: ["sí", "no"], pooling, norm: false, dropout: 0 };

    Deno.test(`a classifier of ${name}, ${pooling}: scores are ours, on whichever side rows are padded`, async () => {
      const classifier = new Classifier(device, config, head, 0);
      classifier.parameters.load(valuesOf);
      const ids = promptOf(config, 7);
      const ours = await scope(() =>
        device.read(classifier.scores(classifier.features({ ids, batch: 1, time: 7 })).buffer)
      );
      const session = await open(classifierGraph(classifier.config, head, valuesOf));
      const rows = [[...ids, 0, 0], [0, 0, ...ids]], masks = [[...ones(7), 0, 0], [0, 0, ...ones(7)]];
      const { logits } = await session.run({ input_ids: int64(rows), attention_mask: int64(masks) });
      assertLess(difference(logits.data as Float32Array, [...ours, ...ours]), TOLERANCE);
    });
  }
}
