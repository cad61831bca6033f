/**
 * Builds kernels.wasm from the AssemblyScript in assembly/: `deno task build-kernels`. With --check it
 * only compares, and fails if the committed file is not what the sources build to. The compiler is heavy,
 * so it has a deno.json of its own, and those who do not change kernels never download it.
 */
import asc from "assemblyscript/asc";

/** Of the shared memory, in pages of 64 KiB; device/cpu.ts has the same. */
const PAGES = { min: 64, max: 65536 };

const folder = new URL("./", import.meta.url);
const target = new URL("kernels.wasm", folder);

/** The bytes that the sources build to. */
async function buildKernels(): Promise<Uint8Array> {
  let built: Uint8Array | undefined;
  const { error, stderr } = await asc.main([
    "assembly/index.ts",
    "-O3",
    "--noAssert",
    "--runtime=stub",
    "--enable=simd,threads,relaxed-simd",
    "--importMemory",
    "--sharedMemory",
    `--initialMemory=${PAGES.min}`,
    `--maximumMemory=${PAGES.max}`,
    "--outFile=kernels.wasm",
  ], {
    readFile: (name: string) => Deno.readTextFile(new URL(name, folder)).catch(() => null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") built = contents;
    },
    listFiles: () => [],
  });
  if (error || !built) throw new Error(`the kernels do not build: ${error?.message}\n${stderr.toString()}`);
  return built;
}

if (import.meta.main) {
  const built = await buildKernels();
  if (!Deno.args.includes("--check")) {
    await Deno.writeFile(target, built);
    console.log(`kernels.wasm: ${built.length} bytes`);
  } else {
    const committed = await Deno.readFile(target);
    const same = committed.length === built.length && committed.every((byte, i) => byte === built[i]);
    console.log(`kernels.wasm ${same ? "is" : "is NOT"} what its sources build to`);
    Deno.exit(same ? 0 : 1);
  }
}
