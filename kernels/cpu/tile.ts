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
 * Area: four blocks [64][16], a panel [64][6], four results [6][16], all float32 (see assembly/matmul.ts).
 */
const ROWS = 6;
const COLUMNS = 16;
const BLOCK_BYTES = 64 * COLUMNS * 4;
const PANEL_AT = 4 * BLOCK_BYTES;
const RESULT_AT = PANEL_AT + 64 * ROWS * 4;
const RESULT_BYTES = ROWS * COLUMNS * 4;

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

/** The body of one product: `depth` deep, with block and result number `block` of the area at `area`. */
function product(kind: TileKind, area: number, depth: number, block: number): number[] {
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
        memory(op.load, 4, area + block * BLOCK_BYTES + (k * COLUMNS + half + 4 * j) * 4);
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
        memory(op.store, 4, area + RESULT_AT + block * RESULT_BYTES + (row * COLUMNS + half + 4 * j) * 4);
      }
    }
  }
  const locals = [1, ...unsigned(sums + lanes + 1), V128];
  const body = [...locals, ...code, op.end];
  return [...unsigned(body.length), ...body];
}

/**
 * The module of one thread: functions `d64b0` to `d64b3` and `d16b0` to `d16b3` (depth and block).
 * @param area address of the thread's area; below the memory's declared minimum
 * @param pages the memory's minimum and maximum
 */
export function tileModule(
  kind: TileKind,
  area: number,
  pages: { min: number; max: number },
): Uint8Array<ArrayBuffer> {
  const functions = [64, 16].flatMap((depth) => [0, 1, 2, 3].map((block) => ({ depth, block })));
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 0, 0]])),
    ...section(
      2,
      vector([[...name("env"), ...name("memory"), 2, 3, ...unsigned(pages.min), ...unsigned(pages.max)]]),
    ),
    ...section(3, vector(functions.map(() => [0]))),
    ...section(7, vector(functions.map(({ depth, block }, i) => [...name(`d${depth}b${block}`), 0, i]))),
    ...section(10, vector(functions.map(({ depth, block }) => product(kind, area, depth, block)))),
  ]);
}
