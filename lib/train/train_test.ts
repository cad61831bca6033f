import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { inMemory } from "../data/token_stream.ts";
import { OracleDevice } from "../device/oracle.ts";
import { UserError } from "../errors.ts";
import { Decoder } from "../model/decoder.ts";
import { readHuggingFace } from "../checkpoint/huggingface.ts";
import { encodeSafetensors, readSafetensors } from "../checkpoint/safetensors.ts";
import { unigramEntropy } from "./validation.ts";

Deno.test("unigram entropy is ln n for n equally frequent tokens", () => {
  assertAlmostEquals(unigramEntropy(inMemory(Uint32Array.of(1, 2, 3, 4, 1, 2, 3, 4)), 6), Math.log(4));
});

Deno.test("safetensors survive the way to disk and back, and a cut file is refused", async () => {
  const path = await Deno.makeTempFile();
  const tensors = [["a", { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }], ["b", {
    dtype: "float32",
    shape: [1],
    data: Float32Array.of(-5),
  }]] as const;
  const bytes = new Uint8Array(encodeSafetensors(tensors).flatMap((chunk) => [...chunk]));
  await Deno.writeFile(path, bytes);
  const read = await readSafetensors(path);
  assertEquals([...read.tensors.get("a")!.data], [1, 2, 3, 4]);
  assertEquals(read.tensors.get("b")!.shape, [1]);
  const half = encodeSafetensors([["a", {
    dtype: "float16",
    shape: [3],
    data: Float32Array.of(1, 0.1, -5),
  }]]);
  await Deno.writeFile(path, new Uint8Array(await new Blob(half).arrayBuffer()));
  assertEquals([...(await readSafetensors(path)).tensors.get("a")!.data], [1, 0.0999755859375, -5]);
  for (const cut of [4, 20, bytes.length - 2]) {
    await Deno.writeFile(path, bytes.subarray(0, cut));
    await assertRejects(() => readSafetensors(path), UserError, "not a whole safetensors file");
  }
  await Deno.remove(path);
});

Deno.test("a GPT-2 folder is read also without n_inner and without the transformer. prefix", async () => {
  const folder = await Deno.makeTempDir();
  const source = new URL("./testdata/parity/gpt2-odd/", import.meta.url).pathname;
  const { tensors } = await readSafetensors(`${source}model.safetensors`);
  const bare = [...tensors].map(([name, tensor]) => [name.replace("transformer.", ""), tensor] as const);
  await Deno.writeFile(
    join(folder, "model.safetensors"),
    new Uint8Array(await new Blob(encodeSafetensors(bare)).arrayBuffer()),
  );
  await Deno.copyFile(`${source}config.json`, join(folder, "config.json"));
  const { config, values } = await readHuggingFace(folder);
  assertEquals(config.hidden, 100);
  new Decoder(new OracleDevice(), config).load(values);
  await Deno.writeTextFile(join(folder, "config.json"), '{"model_type":"bert"}');
  await assertRejects(() => readHuggingFace(folder), UserError, 'model_type: "bert" is none of');
  await Deno.remove(folder, { recursive: true });
});
