import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { type CorpusOptions, decodeText, listSources, readCorpus } from "./corpus.ts";
import { encodeDocuments, readDocuments, tokenStream } from "./documents.ts";
import { CharTokenizer } from "../text/char.ts";

const OPTIONS: Omit<CorpusOptions, "sources"> = {
  documents: "sections",
  lowercase: false,
  max_line_length: 0,
  min_document_length: 1,
  validation: { share: 0.2, by: "tail" },
};

async function withFiles(
  files: Record<string, string | Uint8Array>,
  test: (folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function clean(text: string, options: Partial<CorpusOptions> = {}) {
  let all: string[] = [], steps: Record<string, number> = {};
  await withFiles({ "a.txt": text }, async (folder) => {
    const corpus = await readCorpus({ ...OPTIONS, sources: [folder], ...options }, 1);
    all = [...corpus.train, ...corpus.validation];
    steps = Object.fromEntries(Object.entries(corpus.report.steps).map(([name, step]) => [name, step.count]));
  });
  return { text: all.join("|"), steps };
}

Deno.test("byte order mark, line ends, decomposed accents and control characters are cleaned and counted", async () => {
  const { text, steps } = await clean("\ufeffUno\r\ndos\rtres cancio\u0301n\u0007 y\u200b fin  \n", {
    documents: "file",
  });
  assertEquals(text.replace("|", ""), "Uno\ndos\ntres canción y fin");
  assertEquals(steps["byte order mark"], 1);
  assertEquals(steps["line ends"], 2);
  assertEquals(steps["NFC"], 1);
  assertEquals(steps["control characters"], 2);
});

Deno.test("lowercasing keeps Spanish letters, and long lines are dropped with a sample", async () => {
  const long = "x".repeat(50);
  const { text, steps } = await clean(`ÁRBOL Ñandú\n${long}\nfin`, {
    lowercase: true,
    max_line_length: 40,
    documents: "file",
  });
  assertEquals(text.replace("|", ""), "árbol ñandú\nfin");
  assertEquals(steps["long lines"], 1);
  assertEquals(steps["lowercase"], 6);
});

Deno.test("documents are files, sections, paragraphs or lines, as the preset says", async () => {
  const raw = "uno\n\ndos\n***\ntres\ncuatro\n- - -\n---\ncinco";
  const documents = async (kind: CorpusOptions["documents"]) =>
    (await clean(raw, { documents: kind, validation: { share: 0.01, by: "documents" } })).text.split("|")
      .sort();
  assertEquals(await documents("sections"), ["cinco", "tres\ncuatro\n- - -", "uno\n\ndos"]);
  assertEquals((await documents("lines")).length, 8);
  assertEquals((await documents("paragraphs")).length, 2);
});

Deno.test("short documents are dropped, and an empty rest says which step dropped it", async () => {
  const { text } = await clean("corto\n***\nuno bastante largo", { min_document_length: 10 });
  assertEquals(text.replace("|", ""), "uno bastante largo");
  const error = await assertRejects(() => clean("corto", { min_document_length: 10 }), UserError);
  assert(error.message.includes("short documents: 1 documents"), error.message);
});

Deno.test("the split is by whole documents and seed, or the end of the text in order", async () => {
  const text = Array.from({ length: 40 }, (_, i) => `documento número ${i}`).join("\n***\n");
  await withFiles({ "a.txt": text }, async (folder) => {
    const run = (by: "documents" | "tail", seed: number) =>
      readCorpus({ ...OPTIONS, sources: [folder], validation: { share: 0.25, by } }, seed);
    const [first, again, other] = await Promise.all([
      run("documents", 1),
      run("documents", 1),
      run("documents", 2),
    ]);
    assertEquals(again.validation, first.validation);
    assert(JSON.stringify(other.validation) !== JSON.stringify(first.validation));
    assertEquals([...first.train, ...first.validation].sort(), text.split("\n***\n").sort());
    assert(Math.abs(first.validation.length - 10) <= 1);
    const tail = await run("tail", 1);
    assertEquals([...tail.train, ...tail.validation].join(""), text.split("\n***\n").join(""));
  });
});

Deno.test("sources are files, folders and globs; each file counts once, in order", () =>
  withFiles({ "b.txt": "b", "sub/a.txt": "a", "sub/c.md": "c" }, async (folder) => {
    const names = (paths: string[]) => paths.map((path) => path.slice(folder.length + 1));
    assertEquals(names(await listSources([folder])), ["b.txt", "sub/a.txt"]);
    assertEquals(names(await listSources([`${folder}/**/*.txt`, join(folder, "b.txt")])), [
      "b.txt",
      "sub/a.txt",
    ]);
    assertEquals(names(await listSources([join(folder, "sub/c.md")])), ["sub/c.md"]);
  }));

Deno.test("a multi-byte character at the end of a file is no error, half of one is", () => {
  assertEquals(decodeText(new TextEncoder().encode("ñ"), "x"), "ñ");
  assertThrows(() => decodeText(Uint8Array.of(97, 0xc3), "x.txt"), UserError, "x.txt:1:");
});

Deno.test("documents survive the way to disk and back, and a broken line is told by number", () =>
  withFiles(
    { "good": encodeDocuments(["uno\n«dos»", ""]), "bad": '{"text":"a"}\n{"txt":1}\n' },
    async (folder) => {
      assertEquals(await readDocuments(join(folder, "good")), ["uno\n«dos»", ""]);
      await assertRejects(() => readDocuments(join(folder, "bad")), UserError, "bad:2:");
    },
  ));

Deno.test("a token stream marks where each document begins and ends", () => {
  const builder = CharTokenizer.builder();
  builder.add("ab");
  const tokenizer = builder.build({ minCount: 1, always: "", size: 0 });
  const stream = tokenStream(["ab", "b"], tokenizer);
  assertEquals(tokenizer.decode(stream, { special: true }), "<bos>ab<eos><bos>b<eos>");
});
