/** The stage as a user meets it: every fault in the input gives one line and exit code 2. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import { createHash } from "node:crypto";
import * as zlib from "node:zlib";
import { type Dataset, serveFiles } from "../lib/data/corpus/testing_server.ts";
import { exists } from "../lib/files.ts";
import { refused, sampleText, TINY, type Workspace, workspace } from "../lib/run/testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const cut = (content: Uint8Array) => new Uint8Array(content).subarray(0, content.length - 20);
const parquet = (texts: string[]) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "texto", data: texts, type: "STRING" }] }));

const LINES = sampleText(300).split("\n");
const TEXT = bytes(LINES.join("\n"));
const RECORDS = bytes(LINES.map((text) => JSON.stringify({ text }) + "\n").join(""));

/** A preset with `yaml` as its source. */
const presetOf = (yaml: string) => TINY.replace("sources: [text.txt]", `sources: [${yaml}]`);

async function leavesNothing(work: Workspace) {
  const corpus = work.path("data/processed/tiny/corpus");
  assertEquals(await exists(corpus) ? [...Deno.readDirSync(corpus)].map(({ name }) => name) : [], []);
}

const mistakes: { name: string; file: string; content: Uint8Array | string; keys?: string; says: string }[] =
  [
    {
      name: "a truncated .gz",
      file: "a.txt.gz",
      content: cut(zlib.gzipSync(TEXT)),
      says: "a.txt.gz: the file ends too early, so it was cut off",
    },
    {
      name: "a damaged .gz",
      file: "a.jsonl.gz",
      content: zlib.gzipSync(RECORDS).fill(7, 100, 140),
      says: "a.jsonl.gz: the compressed data is damaged",
    },
    {
      name: "a truncated .zst",
      file: "a.txt.zst",
      content: cut(zlib.zstdCompressSync(TEXT)),
      says: "a.txt.zst: the file ends too early, so it was cut off",
    },
    {
      name: "a truncated .parquet",
      file: "a.parquet",
      content: cut(parquet(LINES)),
      says: "a.parquet: no whole Parquet file (parquet file invalid (footer != PAR1))",
    },
    {
      name: "a Parquet file without the column",
      file: "a.parquet",
      content: parquet(LINES),
      says: 'a.parquet: no column "text" (it has: texto); name the right one as column: of the source',
    },
    {
      name: "a JSONL line that is no JSON",
      file: "a.jsonl",
      content: '{"text":"uno"}\n{"text":"dos}\n',
      says: "a.jsonl:2: no JSON; mend the line, or set prepare-corpus.bad_input: skip",
    },
    {
      name: "invalid UTF-8",
      file: "a.txt",
      content: Uint8Array.of(104, 10, 105, 0xf1, 105),
      says: "a.txt:2: not valid UTF-8; convert the file (iconv -f latin1 -t utf-8)",
    },
    {
      name: "a text of which nothing is left",
      file: "a.txt",
      content: "Corto.\n***\nBreve.",
      keys: "documents: sections, min_document_length: 20",
      says:
        "no text is left after cleaning (short documents: 2 documents); give more text, or loosen that step",
    },
  ];

for (const { name, file, content, keys, says } of mistakes) {
  Deno.test(`${name} is refused in one line, with exit code 2 and nothing half-written`, async () => {
    const preset = presetOf(file).replace(
      "documents: file",
      keys?.replace(", ", "\n  ") ?? "documents: file",
    );
    await using work = await workspace("", preset);
    await work.write(file, content);
    refused(await work.prepare({}), says);
    await leavesNothing(work);
  });
}

Deno.test("lines that are no JSON are skipped if the preset says so, and counted", async () => {
  await using work = await workspace("", presetOf("a.jsonl"));
  await work.write("a.jsonl", `{"text":"${LINES[0]}"}\nno\n{"text":"${LINES[1]}"}\n`);
  const { code, output } = await work.prepare({}, "--set", "prepare-corpus.bad_input=skip");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "bad input: 1 lines skipped");
  const { steps } = JSON.parse(await work.read("data/processed/tiny/corpus/report.json"));
  assertEquals(steps.find(({ step }: { step: string }) => step === "bad input").samples, ["no"]);
});

Deno.test("a URL is fetched once, gone on with after drops, and refused when they do not end", async () => {
  await using server = serveFiles({ "/a.txt": TEXT, "/otro.txt": TEXT });
  await using work = await workspace("", presetOf(`{ url: "${server.url}/a.txt", sha256: ${sha256(TEXT)} }`));
  server.dropAfter(3000, 2);
  const first = await work.prepare({});
  assertEquals(first.code, 0, first.output);
  assertEquals(server.requests.length, 3);
  assert(server.requests[2].range!.startsWith("bytes="));
  assertStringIncludes((await work.prepare({})).output, "is up to date");
  assertEquals((await work.prepare({}, "--force")).code, 0);
  assertEquals(server.requests.length, 3);
  const { files } = JSON.parse(await work.read("data/processed/tiny/corpus/report.json"));
  assertEquals(files[0].name, `${server.url}/a.txt`);
  const lineage = (await work.tool("lineage", "data/processed/tiny/corpus")).output;
  assertStringIncludes(lineage, `${server.url}/a.txt  sha256 ${sha256(TEXT).slice(0, 16)}…`);

  const wrong = [
    "--set",
    `prepare-corpus.sources=[{url: "${server.url}/otro.txt", sha256: "${"0".repeat(64)}"}]`,
  ];
  refused(
    await work.prepare({}, ...wrong),
    `its sha256 is ${sha256(TEXT)}, but ${"0".repeat(64)} is expected`,
  );
  const from = (path: string) => ["--set", `prepare-corpus.sources=["${server.url}${path}"]`];
  refused(await work.prepare({}, ...from("/no.txt")), "there is no such file (404)");
  refused(await work.prepare({}, ...from("/circle")), "redirects in a circle");
  server.dropAfter(0, 5);
  refused(await work.prepare({}, ...from("/otro.txt")), "the connection was dropped, 5 times in a row");
  // The earlier result is still whole.
  assertEquals((await work.read("data/processed/tiny/corpus/train.jsonl")).split("\n").length, 2);
});

Deno.test("without a network there is one line that says what to do", async () => {
  const gone = serveFiles({});
  await gone[Symbol.asyncDispose]();
  await using work = await workspace("", presetOf(`"${gone.url}/a.txt"`));
  refused(await work.prepare({}), `${gone.url}/a.txt cannot be reached (client error (Connect): `);
  await leavesNothing(work);
  await work.write("preset.yaml", presetOf("{ huggingface: grupo/textos }"));
  const { code, output } = await work.prepare({ HF_ENDPOINT: gone.url });
  refused({ code, output }, "cannot be reached");
  assertStringIncludes(output, "fetch the file elsewhere and give its path in prepare-corpus.sources");
});

Deno.test("a data set of Hugging Face is listed, filtered and fetched, with the token it needs", async () => {
  const columns = { es: "content" };
  const zst = new Uint8Array(zlib.zstdCompressSync(
    bytes(LINES.slice(0, 100).map((line) => JSON.stringify({ [columns.es]: line }) + "\n").join("")),
  ));
  const set: Dataset = {
    files: {
      "README.md": bytes("# no"),
      "es/parte_1.jsonl.zst": zst,
      "es/parte_2.txt": bytes(LINES.slice(100, 200).join("\n")),
      "es/parte_3.parquet": parquet(LINES.slice(200)),
      "fr/partie_1.txt": bytes("non"),
    },
    token: "hf_prueba",
    sha256: { "es/parte_1.jsonl.zst": sha256(zst) },
  };
  const wrong = { ...set, sha256: { "es/parte_1.jsonl.zst": "0".repeat(64) } };
  await using server = serveFiles({}, { "grupo/textos": set, "grupo/malo": wrong });
  const preset = presetOf(
    `{ huggingface: grupo/textos, files: "es/*_1*", column: content }, ` +
      `{ huggingface: grupo/textos, files: "es/*_[23]*", column: texto }`,
  );
  await using work = await workspace(
    "",
    preset.replace("documents: file", "documents: lines\n  duplicates: {exact: false}"),
  );
  const env = { HF_ENDPOINT: server.url };

  refused(await work.prepare(env), "Hugging Face refuses grupo/textos; it needs a token");
  refused(
    await work.prepare({ ...env, HF_TOKEN: "hf_otra" }),
    "HF_TOKEN was refused: accept the data set's terms",
  );
  await leavesNothing(work);

  const withToken = { ...env, HF_TOKEN: "hf_prueba" };
  const { code, output } = await work.prepare(withToken);
  assertEquals(code, 0, output);
  const report = JSON.parse(await work.read("data/processed/tiny/corpus/report.json"));
  assertEquals(report.files.map(({ name }: { name: string }) => name), [
    "grupo/textos/es/parte_1.jsonl.zst",
    "grupo/textos/es/parte_2.txt",
    "grupo/textos/es/parte_3.parquet",
  ]);
  assertEquals(report.documents.found, LINES.length);
  const written = (await Promise.all(
    ["train", "validation"].map((part) => work.read(`data/processed/tiny/corpus/${part}.jsonl`)),
  )).join("");
  const texts = written.trim().split("\n").map((line) => JSON.parse(line).text);
  assertEquals(texts.toSorted(), LINES.toSorted());

  const from = (yaml: string) => ["--set", `prepare-corpus.sources=[{${yaml}}]`];
  refused(
    await work.prepare(withToken, ...from("huggingface: grupo/nada")),
    "Hugging Face answers 404 for data set",
  );
  refused(
    await work.prepare(withToken, ...from("huggingface: grupo/textos, files: 'de/*'")),
    "data set grupo/textos has no file that matches de/*",
  );
  refused(
    await work.prepare(withToken, ...from("huggingface: grupo/textos")),
    "README.md of data set grupo/textos cannot be read",
  );
  refused(
    await work.prepare(withToken, ...from("huggingface: grupo/malo, files: 'es/*_1*', column: content")),
    "its sha256 is",
  );
});

Deno.test("a page says what became of the text", async () => {
  await using work = await workspace();
  assertEquals((await work.run("prepare-corpus")).code, 0);
  const page = await work.read("data/processed/tiny/corpus/report.html");
  for (
    const part of [
      "Corpus of tiny",
      "Corpus de tiny",
      'class="funnel"',
      "Lengths of documents",
      "exact duplicates",
      "text.txt",
      "U+00F1",
    ]
  ) {
    assertStringIncludes(page, part);
  }
});
