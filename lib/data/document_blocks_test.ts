import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { ALONE } from "../ranks/alone.ts";
import { documentBlocks, ownDocuments } from "./document_blocks.ts";

/** Lines shorter than a block, and some that span several. */
const TEXTS = Array.from(
  { length: 700 },
  (_, i) => `${i} ${"ñandú ".repeat(i % 97 === 50 ? 400_000 : i * 7)}`,
);

async function inFile(content: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const jsonl = (texts: readonly string[]) => texts.map((text) => JSON.stringify({ text }) + "\n").join("");
const rankOf = (rank: number, size: number) => ({ ...ALONE, rank, size });

Deno.test("documents are dealt to ranks, each to one, whole and in order, in ranges or in blocks", () =>
  inFile(jsonl(TEXTS), async (path) => {
    for (const size of [1, 2, 3, 40]) {
      const ranks = Array.from({ length: size }, (_, rank) => rankOf(rank, size));
      const ranges: string[] = [], blocks: string[][][] = [];
      for (const each of ranks) {
        let told: readonly [done: number, all: number] = [0, 0];
        const tell = (done: number, all: number) => told = [done, all];
        ranges.push(...await Array.fromAsync(ownDocuments(path, each, tell)));
        assertEquals(told[0], told[1]);
        blocks.push(await Array.fromAsync(documentBlocks(path, each, tell)));
        assertEquals(told[0], told[1]);
      }
      assertEquals(ranges, TEXTS, `${size} ranks`);
      assert(blocks.every(({ length }) => length === blocks[0].length));
      assertEquals(
        blocks[0].flatMap((_, round) => blocks.flatMap((own) => own[round])),
        TEXTS,
        `${size} ranks`,
      );
    }
  }));

Deno.test("a file without documents has none for anybody, and a broken line is told with its place", async () => {
  await inFile("", async (path) => {
    assertEquals(await Array.fromAsync(ownDocuments(path, rankOf(1, 2), () => {})), []);
    assertEquals(await Array.fromAsync(documentBlocks(path, rankOf(1, 2), () => {})), []);
  });
  await inFile(jsonl(["a", "b"]) + "{\n" + jsonl(["c", "d"]), async (path) => {
    const read = (rank: number, size: number) =>
      Array.fromAsync(ownDocuments(path, rankOf(rank, size), () => {}));
    assertEquals(await read(1, 2), ["c", "d"]);
    await assertRejects(() => read(0, 2), UserError, `${path}:3: no {"text": …} line`);
    await assertRejects(() => read(1, 3), UserError, `${path} after byte 26, line 1: no {"text": …} line`);
  });
});
