import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { charTokenizer } from "../text/testing.ts";
import { readDocuments, tokenStream } from "./documents.ts";
import { readLines } from "./lines.ts";

async function inFile(text: string | Uint8Array, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a token stream marks where each document begins and ends", () => {
  const tokenizer = charTokenizer("ab");
  const stream = tokenStream(["ab", "b"], tokenizer);
  assertEquals(tokenizer.decode(stream, { special: true }), "<bos>ab<eos><bos>b<eos>");
});

Deno.test("documents come back as they were written, long ones and line ends in them included", async () => {
  const documents = ["a\nb\r\nc\rd", "", "ñ".repeat(300_000), "\u2028\u0085 🐈", "último"];
  const lines = documents.map((text) => JSON.stringify({ text }) + "\n").join("");
  await inFile(lines, async (path) => assertEquals(await readDocuments(path), documents));
});

Deno.test("a line that is no document is told with its number", async () => {
  for (const bad of ["{", '{"text": 1}', "", "null"]) {
    await inFile(`{"text": "a"}\n${bad}\n{"text": "b"}\n`, async (path) => {
      await assertRejects(
        () => readDocuments(path),
        UserError,
        `${path}:2: no {"text": …} line; make the file`,
      );
    });
  }
  await assertRejects(
    () => readDocuments("no/such.jsonl"),
    UserError,
    "no/such.jsonl does not exist; make the file",
  );
  await assertRejects(() => readDocuments("lib"), UserError, "lib is a folder, where a file is expected");
});

Deno.test("lines end at LF or CRLF; the last needs no end, and characters cut between reads are whole", async () => {
  const lines = ["", "a", "", "ñ".repeat(100_001), "b"];
  for (const end of ["\n", "\r\n"]) {
    for (const last of ["", end]) {
      await inFile(lines.join(end) + last, async (path) => {
        assertEquals(await Array.fromAsync(readLines(path, "")), lines);
      });
    }
  }
  await inFile("", async (path) => assertEquals(await Array.fromAsync(readLines(path, "")), []));
});

Deno.test("a reader that stops in the middle leaves no file open", async () => {
  await inFile("a\nb\nc\n".repeat(100_000), async (path) => {
    for await (const line of readLines(path, "")) if (line === "b") break;
  });
});

Deno.test("a line that no string can hold is refused before it takes the memory", async () => {
  const most = 1_000_000;
  const text = `${"a".repeat(900_000)}\n${"b".repeat(900_000)}\nc`;
  await inFile(
    text,
    async (path) => assertEquals((await Array.fromAsync(readLines(path, "", { longest: most }))).length, 3),
  );
  await inFile(`a\n${"b".repeat(2 * most)}`, async (path) => {
    const read = () => Array.fromAsync(readLines(path, "cut it", { longest: most }));
    await assertRejects(read, UserError, `${path}: a line is longer than 1000000 characters; cut it`);
  });
});
