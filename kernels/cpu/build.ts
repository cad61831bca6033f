/**
 * Builds kernels.wasm from the AssemblyScript in assembly/: `deno task build-kernels`. With --check it
 * only compares, and fails if the committed file is not what the sources build to. The compiler is heavy,
 * so it has a deno.json of its own, and those who do not change kernels never download it.
 *
 * Addresses have 64 bits. AssemblyScript compiles for that (`usize` is then a u64), but its command line does
 * not offer it, and it still declares the memory as one of 32 bits. So a transform sets the target, and
 * the declaration is mended in the result.
 */
import asc from "assemblyscript/asc";
import { MAX_PAGES, MIN_PAGES } from "./assembly/constants.ts";

class Wasm64 {
  declare program: { options: { target: number }; module: { sizeType: number } };
  afterParse(): void {
    this.program.options.target = 2; // Target.Wasm64
    this.program.module.sizeType = 3; // TypeRef.I64, which the module took from the options before
  }
}

/** Declares the imported memory as one of 64-bit addresses: a bit of the flags behind its name. */
function with64Bits(wasm: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const name = [...new TextEncoder().encode("\x03env\x06memory"), 2]; // 2: a memory
  const at = wasm.findIndex((_, i) => name.every((byte, j) => wasm[i + j] === byte)) + name.length;
  const SHARED_WITH_MAXIMUM = 3, ADDRESSES_OF_64_BITS = 4;
  if (wasm[at] !== SHARED_WITH_MAXIMUM) {
    throw new Error("the compiled kernels declare their memory differently");
  }
  wasm[at] |= ADDRESSES_OF_64_BITS;
  if (!WebAssembly.validate(wasm)) throw new Error("the compiled kernels are not valid for 64-bit addresses");
  return wasm;
}

const folder = new URL("./", import.meta.url);
const target = new URL("kernels.wasm", folder);

/** The bytes that the sources build to. */
async function buildKernels(): Promise<Uint8Array<ArrayBuffer>> {
  let built: Uint8Array | undefined;
  const { error, stderr } = await asc.main([
    "assembly/index.ts",
    "-O3",
    "--noAssert",
    "--runtime=stub",
    "--enable=simd,threads,relaxed-simd,memory64",
    "--noValidate", // before the memory is declared right; done by with64Bits
    "--importMemory",
    "--sharedMemory",
    `--initialMemory=${MIN_PAGES}`,
    `--maximumMemory=${MAX_PAGES}`,
    "--outFile=kernels.wasm",
  ], {
    readFile: (name: string) => Deno.readTextFile(new URL(name, folder)).catch(() => null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") built = contents;
    },
    listFiles: () => [],
    // Its types want an instance, but only a class is told the program.
    transforms: [Wasm64 as never],
  });
  if (error || !built) throw new Error(`the kernels do not build: ${error?.message}\n${stderr.toString()}`);
  return with64Bits(Uint8Array.from(built));
}

const HELP = `Builds kernels/cpu/kernels.wasm from kernels/cpu/assembly.

Usage: deno task build-kernels [--check]

  --check      writes nothing; exits with 1 if kernels.wasm is not what the sources build to
  -h, --help   this text`;

if (import.meta.main) {
  if (Deno.args.some((arg) => arg === "-h" || arg === "--help")) {
    console.log(HELP);
    Deno.exit(0);
  }
  const unknown = Deno.args.find((arg) => arg !== "--check");
  if (unknown !== undefined) {
    console.error(`error: unknown argument ${unknown}; deno task build-kernels --help lists what there is`);
    Deno.exit(2);
  }
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
