/**
 * The innermost product of the cpu device, written out as a Wasm module: panels of 6 rows of a, one after
 * another, times a block of 16 columns of b, 64 to 16 deep.
 *
 * V8 can fuse two 128-bit operations into one of 256 bits (--experimental-wasm-revectorize), but not
 * across a bounds check, and Deno's Wasm checks every address that is not a constant. So the operands
 * stand at constant addresses, in an area of its own for each thread, and the module is made for that area
 * when the thread starts. Measured on one core of an AMD EPYC: 103 GFLOPS with the flag, where OpenBLAS has 79
 * to 105; without the flag 20, and 40 in two halves of 8 columns, whose accumulators fit 16 registers.
 *
 * A panel is replaced by the next one while it is multiplied: those loads and their checks run beside the
 * products, which leave the processor that much room. Copied in one go between two products, as results
 * brought to c by a function of their own, they cost a tenth.
 *
 * Code is what is short: 64 deep, a pass is 15 KB of machine code. 128 deep it is 29 KB, which leave nothing
 * of the first-level cache, and whole products ran at 80 GFLOPS instead of 92. For the same reason there is
 * one block at a time: with several, at other constants, each is a function of its own.
 *
 * Area: a block [64][16], a panel [64][6], a result [6][16], all float32, then what assembly/matmul.ts
 * keeps for its thread.
 */
import { COLUMNS, DEEP, MIDDLE, ROWS, SHALLOW } from "./assembly/constants.ts";

const DEPTHS = [DEEP, MIDDLE, SHALLOW];
const PANEL_AT = DEPTHS[0] * COLUMNS * 4;
const RESULT_AT = PANEL_AT + DEPTHS[0] * ROWS * 4;

/** Where a thread notes that it has packed the operand that its calls share; 0 when a job begins. */
export const PACKED_AT = RESULT_AT + 2 * ROWS * COLUMNS * 4 + COLUMNS * 4;

/** Bytes of a thread's area. */
export const TILE_AREA = 32768;

/** Columns that are accumulated in registers at once. */
export type TileKind = 16 | 8;

// https://webassembly.github.io/spec/core/binary/
const SIMD = 0xfd;
const V128 = 0x7b;
const I32 = 0x7f;
const I64 = 0x7e;
const op = {
  localGet: 0x20,
  localSet: 0x21,
  i32Const: 0x41,
  i64Const: 0x42,
  end: 0x0b,
  i32Ne: 0x47,
  i64Add: 0x7c,
  i32Sub: 0x6b,
  select: 0x1b,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  branchIf: 0x0d,
  load: [SIMD, 0x00],
  store: [SIMD, 0x0b],
  loadSplat: [SIMD, 0x09],
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

// Parameters of a pass, its other integer, and where its vectors begin.
const source = 0, step = 1, count = 2, c = 3, stride = 4, add = 5, bias = 6, row = 7, vectors = 8;
const PARAMETERS = [I64, I64, I32, I64, I64, I32, I64];
const EMPTY = 0x40; // a block's result
const MEMORY = 1 | 2 | 4; // it has a maximum, is shared and has addresses of 64 bits

/**
 * The body of a pass, `depth` deep: `count` panels, the first of which is in the area, times the block.
 *
 * - source, step: address of the first panel, bytes from one to the next
 * - c, stride: where the first result goes, bytes from one row of c to the next
 * - add: whether results are added to c; otherwise they replace it, plus the 16 floats at `bias`
 */
function pass(kind: TileKind, area: number, depth: number): number[] {
  const lanes = kind / 4; // vectors of a row that are accumulated at once
  const columns = vectors + ROWS * lanes, value = columns + lanes, biases = value + 1;
  const code: number[] = [];
  const get = (local: number) => code.push(op.localGet, ...unsigned(local));
  const set = (local: number) => code.push(op.localSet, ...unsigned(local));
  const memory = (what: readonly number[], align: number, address: number) =>
    code.push(...what, align, ...unsigned(address));
  const number = (n: number) => code.push(op.i32Const, n);
  /** What a constant address is an offset from. */
  const zero = () => code.push(op.i64Const, 0);
  const advance = (local: number, by: number) => {
    get(local);
    get(by);
    code.push(op.i64Add);
  };

  for (let j = 0; j < 4; j++) {
    get(bias);
    memory(op.load, 0, 16 * j);
    set(biases + j);
  }
  code.push(op.loop, EMPTY);
  // The panel to bring meanwhile: the next, or the last one again.
  advance(source, step);
  get(source);
  get(count);
  number(1);
  code.push(op.i32Ne, op.select);
  set(source);
  for (let half = 0; half < COLUMNS; half += kind) {
    for (let k = 0; k < depth; k++) {
      for (let j = 0; j < lanes; j++) {
        zero();
        memory(op.load, 4, area + (k * COLUMNS + half + 4 * j) * 4);
        set(columns + j);
      }
      for (let r = 0; r < ROWS; r++) {
        zero();
        memory(op.loadSplat, 2, area + PANEL_AT + (k * ROWS + r) * 4);
        set(value);
        for (let j = 0; j < lanes; j++) {
          const sum = vectors + r * lanes + j;
          get(value);
          get(columns + j);
          if (k === 0) code.push(...op.mul);
          else {
            get(sum);
            code.push(...op.madd);
          }
          set(sum);
        }
      }
      const used = half + kind === COLUMNS && k % 2 === 1;
      for (let at = (k - 1) * ROWS * 4; used && at < (k + 1) * ROWS * 4; at += 16) {
        zero();
        get(source);
        memory(op.load, 0, at);
        memory(op.store, 4, area + PANEL_AT + at);
      }
    }
    for (let r = 0; r < ROWS; r++) {
      for (let j = 0; j < lanes; j++) {
        zero();
        get(vectors + r * lanes + j);
        memory(op.store, 4, area + RESULT_AT + (r * COLUMNS + half + 4 * j) * 4);
      }
    }
  }
  const bring = (adding: boolean) => {
    get(c);
    set(row);
    for (let r = 0; r < ROWS; r++) {
      for (let j = 0; j < 4; j++) {
        get(row);
        zero();
        memory(op.load, 4, area + RESULT_AT + (r * COLUMNS + 4 * j) * 4);
        if (adding) {
          get(row);
          memory(op.load, 0, 16 * j);
        } else get(biases + j);
        code.push(...op.add);
        memory(op.store, 0, 16 * j);
      }
      advance(row, stride);
      set(row);
    }
    get(row);
    set(c);
  };
  get(add);
  code.push(op.if, EMPTY);
  bring(true);
  code.push(op.else); // which does not wait for c to be read
  bring(false);
  code.push(op.end);
  get(count);
  number(1);
  code.push(op.i32Sub);
  set(count);
  get(count);
  code.push(op.branchIf, 0, op.end);
  const locals = [2, 1, I64, ...unsigned(biases + 4 - vectors), V128];
  const body = [...locals, ...code, op.end];
  return [...unsigned(body.length), ...body];
}

/**
 * The module of one thread: passes `d64` to `d16`, named by their depth.
 * @param area address of the thread's area; below the memory's declared minimum
 * @param pages the memory's minimum and maximum
 */
export function tileModule(
  kind: TileKind,
  area: number,
  pages: { min: number; max: number },
): Uint8Array<ArrayBuffer> {
  const bodies = DEPTHS.map((depth) => pass(kind, area, depth));
  const type = [0x60, ...vector(PARAMETERS.map((type) => [type])), 0];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type])),
    ...section(
      2,
      vector([[
        ...name("env"),
        ...name("memory"),
        2,
        MEMORY,
        ...unsigned(pages.min),
        ...unsigned(pages.max),
      ]]),
    ),
    ...section(3, vector(bodies.map(() => [0]))),
    ...section(7, vector(DEPTHS.map((depth, i) => [...name(`d${depth}`), 0, ...unsigned(i)]))),
    ...section(10, vector(bodies)),
  ]);
}
