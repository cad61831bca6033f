import { assert, assertEquals } from "@std/assert";
import { relative } from "@std/path";
import { importGraph, importsOf } from "./imports.ts";

const root = new URL("../../", import.meta.url).pathname;

/** From top to bottom: a module imports from its own layer and from those below. */
const LAYERS = [
  "studio.ts",
  "serve.ts",
  "lib/tools",
  "stages",
  "lib/server",
  "lib/studio",
  "lib/runs",
  "lib/run",
  "lib/evaluate",
  "lib/inside",
  "lib/generate",
  "lib/train",
  "lib/checkpoint",
  "lib/data",
  "lib/text",
  "lib/model",
  "lib/ops",
  "lib/ranks",
  "lib/tensor",
  "lib/device",
  "lib/errors.ts",
  "lib/disk_space.ts",
  "lib/event_loop.ts",
  "lib/folders.ts",
  "lib/lock.ts",
  "lib/pulse.ts",
  "lib/files.ts",
  "lib/safetensors_header.ts",
  "lib/progress.ts",
  "lib/page.ts",
  "lib/plot.ts",
  "lib/testing.ts",
  "kernels",
];
const BOTTOM = LAYERS.indexOf("lib/errors.ts");

function layer(path: string): number {
  const found = LAYERS.findIndex((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  assert(found >= 0, `${path} lies in no layer; add it to LAYERS`);
  return Math.min(found, BOTTOM);
}

async function* modules(folder: string, kind: RegExp): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* modules(path, kind);
    else if (kind.test(path)) yield path;
  }
}

Deno.test("imports run downward through the layers", async () => {
  const upward: string[] = [];
  for (const top of ["lib", "stages"]) {
    for await (const path of modules(root + top, /(?<!_test)\.ts$/)) {
      const from = relative(root, path);
      for (const imported of await importsOf(path)) {
        const to = relative(root, imported);
        if (layer(to) < layer(from)) upward.push(`${from} imports ${to}`);
      }
    }
  }
  assertEquals(upward, []);
});

Deno.test("a stage's import graph reaches its shaders, its Wasm and its worker", async () => {
  const graph = (await importGraph(`${root}stages/pretrain.ts`)).map((path) => relative(root, path));
  for (
    const file of [
      "stages/build-vocab.ts",
      "lib/model/decoder.ts",
      "kernels/matmul.wgsl",
      "kernels/cpu/kernels.wasm",
      "lib/device/cpu_worker.ts",
      "lib/checkpoint/gguf/model.ts", // imported when a GGUF file is read
    ]
  ) assert(graph.includes(file), `${file} is missing`);
  assert(!graph.some((path) => path.startsWith("lib/tools")));
});

Deno.test("jsr.json has every import of deno.json, of the same versions, and all that modules import", async () => {
  const read = async (name: string) => JSON.parse(await Deno.readTextFile(root + name));
  const [deno, jsr] = [await read("deno.json"), (await read("jsr.json")).imports as Record<string, string>];
  const prefixes = Object.keys(jsr).filter((name) => name.endsWith("/"));
  assertEquals(Object.keys(jsr).filter((name) => !prefixes.includes(name)), Object.keys(deno.imports));
  for (const [name, target] of Object.entries<string>(deno.imports)) {
    // jsr.json takes @std from jsr, deno.json from npm. An import map, unlike deno.json, must name subpaths.
    const std = /^@std\/([^/]+)(.*)$/.exec(name);
    assertEquals(jsr[name], std ? `jsr:@std/${std[1]}@1${std[2]}` : target);
    const subpaths = jsr[`${name}/`];
    if (subpaths) assertEquals(subpaths, target.replace("npm:", "npm:/") + "/");
  }
  const imported = new Set([`${deno.compilerOptions.jsxImportSource}/jsx-runtime`]);
  for (const top of ["lib", "stages"]) {
    for await (const path of modules(root + top, /\.tsx?$/)) {
      if (path.includes("/clients/")) continue; // it has a deno.json of its own
      const text = await Deno.readTextFile(path);
      for (const [, name] of text.matchAll(/^(?:import|export|\}) .*?from "([@a-z][^":]*)";$/gm)) {
        imported.add(name);
      }
    }
  }
  assert(imported.has("hono/cors") && imported.has("@std/path"), "imports are not found");
  const missing = [...imported].filter((name) => !(name in jsr) && !prefixes.some((p) => name.startsWith(p)));
  assertEquals(missing, []);
});
