// Numbers that the kernels share with the TypeScript that plans them. Each stands here once; both languages read it.

/** Pages of the shared memory, of 64 KiB each: at first, and at most. */
export const MIN_PAGES = 64;
export const MAX_PAGES = 262144;

/** Rows of a panel and columns of a block, the operands of the inner product. */
export const ROWS = 6;
export const COLUMNS = 16;
/** Depths of the inner product. */
export const DEEP = 64;
export const MIDDLE = 32;
export const SHALLOW = 16;

/** How much of a is packed at once: so many panels, so deep, are 192 KiB, which the second-level cache holds. */
export const PANELS = 32;
export const SLAB = 256;
/** Bytes of that. */
export const PACKING = PANELS * ROWS * SLAB * 4;
/** An operand that all calls of a job use is packed once if it takes no more bytes. */
export const KEPT = 524288;

/** Queries that attention takes at once; a multiple of a panel's rows. */
export const QUERIES = 48;

/** Elements that a task of an elementwise kernel covers. */
export const RUN = 4096;

/** The target of a position that carries no loss: padding, or a prompt. */
export const IGNORED = 0xffffffff;

/** Numbers of a quantised block, and the bytes of one of 8 and of 4 bits; lib/device/blocks.ts says what is in it. */
export const BLOCK = 32;
export const Q8_BYTES = 34;
export const Q4_BYTES = 18;

/** Bytes of a block of inputs that are rounded to 16 bits: kernels/cpu/assembly/quantised.ts has the layout. */
export const ROUNDED_BYTES = 80;
/** Below this many rows of inputs they are rounded; from it on, weights become float32. */
export const ROUNDED_ROWS = 12;

/** What a product with quantised weights ends with. */
export const NO_ACTIVATION = 0;
export const GELU = 1;
export const RELU2 = 2;
