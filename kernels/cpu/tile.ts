/**
 * The innermost product of the cpu device, written out as a Wasm module: a panel of 6 rows of a times a
 * block of 16 columns of b, 64 or 16 deep.
 *
 * V8 can fuse two 128-bit operations into one of 256 bits (--experimental-wasm-revectorize), but not
 * across a bounds check, and Deno's Wasm checks every address that is not a constant. So all addresses
 * here are constants, in an area of its own for each thread, and the module is made for that area when
 * the thread starts. Measured on one core of an AMD EPYC: 91 GFLOPS with the flag, where OpenBLAS has 79
 * to 95; without it 20, and 40 in two halves of 8 columns, whose accumulators fit 16 registers.
 *
 * One block at a time: with four, whose products differ in their constants and so are four functions of
 * 9 KB, the code alone overflowed the first-level cache, and all ran at 60 % of the speed of one.
 *
 * Area: a block [128][16], a panel [128][6], a result [6][16], all float32 (see assembly/matmul.ts).
 */
const ROWS = 6;
const COLUMNS = 16;
const DEPTHS = [128, 64, 32, 16];
const PANEL_AT = DEPTHS[0] * COLUMNS * 4;
const RESULT_AT = PANEL_AT + DEPTHS[0] * ROWS * 4;

/** Bytes of a thread's area. */
export const TILE_AREA = 32768;

/** Columns that are accumulated in registers at once. */
export type TileKind = 16 | 8;

// https://webassembly.github.io/spec/core/binary/
const SIMD = 0xfd;
const V128 = 0x7b;
const op = {
  localGet: 0x20,
  localSet: 0x21,
  i32Const: 0x41,
  end: 0x0b,
  load: [SIMD, 0x00],
  store: [SIMD, 0x0b],
  loadSplat: [SIMD, 0x09],
  i32Add: 0x6a,
  add: [SIMD, 0xe4, 0x01],
  mul: [SIMD, 0xe6, 0x01],
  madd: [SIMD, 0x85, 0x02], // f32x4.relaxed_madd
} as const;

function unsigned(n: number): number[] {
  const bytes: number[] = [];
  do {
    const low = n & 0x7f;
    n >>>= 7;
    bytes.push(n ? low | 0x80 : low);
  } while (n);
  return bytes;
}

const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
const name = (text: string) => [...unsigned(text.length), ...new TextEncoder().encode(text)];
const vector = (items: number[][]) => [...unsigned(items.length), ...items.flat()];

/** The body of one product, `depth` deep, in the area at `area`. */
function product(kind: TileKind, area: number, depth: number): number[] {
  const lanes = kind / 4; // vectors of a row that are accumulated at once
  const sums = ROWS * lanes;
  const columns = sums, value = sums + lanes; // locals after the accumulators
  const code: number[] = [];
  const get = (local: number) => code.push(op.localGet, ...unsigned(local));
  const set = (local: number) => code.push(op.localSet, ...unsigned(local));
  const memory = (what: readonly number[], align: number, address: number) =>
    code.push(...what, align, ...unsigned(address));
  const zero = () => code.push(op.i32Const, 0);
  for (let half = 0; half < COLUMNS; half += kind) {
    for (let k = 0; k < depth; k++) {
      for (let j = 0; j < lanes; j++) {
        zero();
        memory(op.load, 4, area + (k * COLUMNS + half + 4 * j) * 4);
        set(columns + j);
      }
      for (let row = 0; row < ROWS; row++) {
        zero();
        memory(op.loadSplat, 2, area + PANEL_AT + (k * ROWS + row) * 4);
        set(value);
        for (let j = 0; j < lanes; j++) {
          get(value);
          get(columns + j);
          if (k === 0) code.push(...op.mul);
          else {
            get(row * lanes + j);
            code.push(...op.madd);
          }
          set(row * lanes + j);
        }
      }
    }
    for (let row = 0; row < ROWS; row++) {
      for (let j = 0; j < lanes; j++) {
        zero();
        get(row * lanes + j);
        memory(op.store, 4, area + RESULT_AT + (row * COLUMNS + half + 4 * j) * 4);
      }
    }
  }
  return withLocals([1, ...unsigned(sums + lanes + 1), V128], code);
}

/** How a result goes to c: replaces it, replaces it plus a bias row, or is added to it. */
type Update = "set" | "bias" | "add";

/** Brings a whole result to c: (address, bytes from row to row, address of the bias). */
function update(how: Update, area: number): number[] {
  const code: number[] = [];
  const c = 0, stride = 1, bias = 2, column = 3;
  if (how === "bias") {
    for (let j = 0; j < 4; j++) code.push(op.localGet, bias, ...op.load, 0, 16 * j, op.localSet, column + j);
  }
  for (let row = 0; row < ROWS; row++) {
    for (let j = 0; j < 4; j++) {
      const at = area + RESULT_AT + (row * COLUMNS + 4 * j) * 4;
      code.push(op.localGet, c, op.i32Const, 0, ...op.load, 4, ...unsigned(at));
      if (how === "bias") code.push(op.localGet, column + j, ...op.add);
      if (how === "add") code.push(op.localGet, c, ...op.load, 0, 16 * j, ...op.add);
      code.push(...op.store, 0, 16 * j);
    }
    if (row < ROWS - 1) code.push(op.localGet, c, op.localGet, stride, op.i32Add, op.localSet, c);
  }
  return withLocals(how === "bias" ? [1, 4, V128] : [], code);
}

function withLocals(locals: number[], code: number[]): number[] {
  const body = [...(locals.length > 0 ? locals : [0]), ...code, op.end];
  return [...unsigned(body.length), ...body];
}

const I32 = 0x7f;

/**
 * The module of one thread: products `d128` to `d16`, named by their depth, and `set`, `bias` and `add`,
 * which bring a result to c.
 * @param area address of the thread's area; below the memory's declared minimum
 * @param pages the memory's minimum and maximum
 */
export function tileModule(
  kind: TileKind,
  area: number,
  pages: { min: number; max: number },
): Uint8Array<ArrayBuffer> {
  const functions = [
    ...DEPTHS.map((depth) => ({ name: `d${depth}`, type: 0, body: product(kind, area, depth) })),
    ...(["set", "bias", "add"] as const).map((how) => ({ name: how, type: 1, body: update(how, area) })),
  ];
  const types = [[0x60, 0, 0], [0x60, 3, I32, I32, I32, 0]];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(
      2,
      vector([[...name("env"), ...name("memory"), 2, 3, ...unsigned(pages.min), ...unsigned(pages.max)]]),
    ),
    ...section(3, vector(functions.map(({ type }) => [type]))),
    ...section(7, vector(functions.map((f, i) => [...name(f.name), 0, ...unsigned(i)]))),
    ...section(10, vector(functions.map(({ body }) => body))),
  ]);
}
