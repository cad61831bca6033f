/**
 * Computes saved folders in float64 from their files alone, by the formulas of transformers' GPT2LMHeadModel,
 * LlamaForCausalLM and Qwen3ForCausalLM. Shares no code with the decoder or with the reading and writing of folders.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";
import { huggingFaceFiles } from "./huggingface.ts";
import { difference, MODELS, promptOf, valuesOf } from "./testing.ts";

type Row = Float64Array;
type Json = Record<string, number | boolean | string>;
type Tensor = (name: string) => { shape: number[]; at: (...index: number[]) => number };

/** The tensors of a safetensors file. */
function tensorsOf(bytes: Uint8Array): Tensor {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return (name) => {
    assert(header[name], `${name} is missing`);
    const { dtype, shape, data_offsets: [from, to] } = header[name];
    assertEquals(dtype, "F32");
    const data = new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
    return { shape, at: (i, j) => j === undefined ? data[i] : data[i * shape[1] + j] };
  };
}

const row = (size: number, f: (i: number) => number): Row =>
  Float64Array.from({ length: size }, (_, i) => f(i));
const sum = (size: number, f: (i: number) => number) => row(size, f).reduce((a, b) => a + b, 0);
const plus = (a: Row, b: Row) => a.map((x, i) => x + b[i]);

/** Causal attention of one head; queries, keys and values have a row for each position. */
function attend(q: Row[], k: Row[], v: Row[]): Row[] {
  return q.map((query, t) => {
    const scores = row(t + 1, (s) => sum(query.length, (d) => query[d] * k[s][d]) / Math.sqrt(query.length));
    const weights = scores.map((x) => Math.exp(x - Math.max(...scores)));
    const total = weights.reduce((a, b) => a + b, 0);
    return row(query.length, (d) => sum(t + 1, (s) => weights[s] * v[s][d] / total));
  });
}

/** Attention of all heads, joined side by side; several query heads may share a key-value head. */
function heads(
  q: Row[],
  k: Row[],
  v: Row[],
  [count, shared]: [number, number],
  prepare = (x: Row[], _: 0 | 1) => x,
) {
  const width = q[0].length / count;
  const cut = (x: Row[], head: number) => x.map((r) => r.slice(head * width, (head + 1) * width));
  const parts = Array.from({ length: count }, (_, h) => {
    const group = Math.floor(h / (count / shared));
    return attend(prepare(cut(q, h), 0), prepare(cut(k, group), 1), cut(v, group));
  });
  return q.map((_, t) => Float64Array.from(parts.flatMap((part) => [...part[t]])));
}

function gpt2(c: Json, tensor: Tensor, ids: Uint32Array): Row[] {
  const bias = (name: string) => c.bias ? tensor(`${name}.bias`).at : () => 0;
  const linear = (name: string) => { // transformers' Conv1D: (in, out)
    const { shape, at } = tensor(`${name}.weight`), b = bias(name);
    return (x: Row) => row(shape[1], (o) => b(o) + sum(shape[0], (i) => x[i] * at(i, o)));
  };
  const norm = (name: string) => (x: Row) => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = sum(x.length, (i) => (x[i] - mean) ** 2) / x.length;
    const { at } = tensor(`${name}.weight`), b = bias(name), epsilon = c.layer_norm_epsilon as number;
    return x.map((v, i) => (v - mean) / Math.sqrt(variance + epsilon) * at(i) + b(i));
  };
  const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const tokens = tensor("transformer.wte.weight"), places = tensor("transformer.wpe.weight");
  let x = Array.from(ids, (id, t) => row(tokens.shape[1], (i) => tokens.at(id, i) + places.at(t, i)));
  for (let layer = 0; layer < (c.n_layer as number); layer++) {
    const at = `transformer.h.${layer}`, count = c.n_head as number;
    const qkv = x.map(norm(`${at}.ln_1`)).map(linear(`${at}.attn.c_attn`)), width = c.n_embd as number;
    const [q, k, v] = [0, 1, 2].map((n) => qkv.map((r) => r.slice(n * width, (n + 1) * width)));
    const attended = heads(q, k, v, [count, count]).map(linear(`${at}.attn.c_proj`));
    x = x.map((r, t) => plus(r, attended[t]));
    const up = x.map(norm(`${at}.ln_2`)).map(linear(`${at}.mlp.c_fc`));
    const down = up.map((r) => r.map(gelu)).map(linear(`${at}.mlp.c_proj`));
    x = x.map((r, t) => plus(r, down[t]));
  }
  const head = c.tie_word_embeddings ? tokens : tensor("lm_head.weight");
  return x.map(norm("transformer.ln_f")).map((r) =>
    row(head.shape[0], (id) => sum(r.length, (i) => r[i] * head.at(id, i)))
  );
}

/** Llama, and Qwen3, which has QK-norm. */
function llama(c: Json, tensor: Tensor, ids: Uint32Array): Row[] {
  const linear = (name: string, biased: unknown) => { // (out, in)
    const { shape, at } = tensor(`${name}.weight`), b = biased ? tensor(`${name}.bias`).at : () => 0;
    return (x: Row) => row(shape[0], (o) => b(o) + sum(shape[1], (i) => x[i] * at(o, i)));
  };
  const norm = (name: string) => (x: Row) => {
    const size = Math.sqrt(sum(x.length, (i) => x[i] ** 2) / x.length + (c.rms_norm_eps as number));
    const { at } = tensor(`${name}.weight`);
    return x.map((v, i) => v / size * at(i));
  };
  const turn = (x: Row, position: number) => { // x·cos + rotate_half(x)·sin
    const half = x.length / 2;
    const angle = (d: number) => position * (c.rope_theta as number) ** (-(2 * (d % half)) / x.length);
    const other = (d: number) => d < half ? -x[d + half] : x[d - half];
    return x.map((v, d) => v * Math.cos(angle(d)) + other(d) * Math.sin(angle(d)));
  };
  const tokens = tensor("model.embed_tokens.weight");
  let x = Array.from(ids, (id) => row(tokens.shape[1], (i) => tokens.at(id, i)));
  for (let layer = 0; layer < (c.num_hidden_layers as number); layer++) {
    const at = `model.layers.${layer}`,
      counts = [c.num_attention_heads, c.num_key_value_heads] as [number, number];
    const normal = x.map(norm(`${at}.input_layernorm`));
    const [q, k, v] = ["q", "k", "v"].map((part) =>
      normal.map(linear(`${at}.self_attn.${part}_proj`, c.attention_bias))
    );
    const attended = heads(q, k, v, counts, (rows, part) => {
      const name = `${at}.self_attn.${part === 0 ? "q" : "k"}_norm`;
      return (c.model_type === "qwen3" ? rows.map(norm(name)) : rows).map(turn);
    }).map(linear(`${at}.self_attn.o_proj`, c.attention_bias));
    x = x.map((r, t) => plus(r, attended[t]));
    const second = x.map(norm(`${at}.post_attention_layernorm`));
    const gate = second.map(linear(`${at}.mlp.gate_proj`, c.mlp_bias));
    const up = second.map(linear(`${at}.mlp.up_proj`, c.mlp_bias));
    const hidden = up.map((r, t) => r.map((v, i) => v * gate[t][i] / (1 + Math.exp(-gate[t][i]))));
    const down = hidden.map(linear(`${at}.mlp.down_proj`, c.mlp_bias));
    x = x.map((r, t) => plus(r, down[t]));
  }
  const head = c.tie_word_embeddings ? tokens : tensor("lm_head.weight");
  return x.map(norm("model.norm")).map((r) =>
    row(head.shape[0], (id) => sum(r.length, (i) => r[i] * head.at(id, i)))
  );
}

for (const [name, config] of Object.entries(MODELS).filter(([name]) => !name.startsWith("no family"))) {
  Deno.test(`a saved folder of ${name} computes to our logits in float64`, async () => {
    const specs = parameterSpecs(config);
    const values = new Map(specs.map((spec) => [spec.name, valuesOf(spec)]));
    const files = huggingFaceFiles({ config, specs, values });
    const json = JSON.parse(files["config.json"] as string);
    const parts = files["model.safetensors"] as Uint8Array<ArrayBuffer>[];
    const tensor = tensorsOf(new Uint8Array(await new Blob(parts).arrayBuffer()));
    const ids = promptOf(config, 9);
    const theirs = (json.model_type === "gpt2" ? gpt2 : llama)(json, tensor, ids).flatMap((r) => [...r]);
    const device = await CpuDevice.open({ threads: 1 });
    const decoder = new Decoder(device, config);
    decoder.load(valuesOf);
    const ours = await scope(() => device.read(decoder.logits({ ids, batch: 1, time: ids.length }).buffer));
    device.close();
    assert(Math.max(...theirs) - Math.min(...theirs) > 2, "logits are too alike to tell anything");
    assertLess(difference(ours, theirs), 1e-4);
  });
}
