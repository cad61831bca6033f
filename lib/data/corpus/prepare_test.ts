import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join, relative } from "@std/path";
import { parquetWriteBuffer } from "hyparquet-writer";
import * as zlib from "node:zlib";
import { UserError } from "../../errors.ts";
import { readDocuments } from "../documents.ts";
import type { CorpusOptions, SourceOptions } from "./options.ts";
import { prepareCorpus, type Progress } from "./prepare.ts";
import { renderCorpusReport } from "./report.ts";
import { listPath } from "./sources.ts";
import { alter, Chain, Dice, EVERY_STEP, PLAIN } from "./testing.ts";

type Files = Record<string, string | Uint8Array>;

async function withFiles(files: Files, test: (folder: string) => Promise<void>) {
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

interface Setting extends Omit<Partial<CorpusOptions>, "sources"> {
  readonly sources?: readonly (string | SourceOptions)[];
  readonly threads?: number;
  readonly seed?: number;
  readonly progress?: (progress: Progress) => void;
}

/** Runs the stage's work on a folder's files; paths of sources are within it. */
async function prepare(folder: string, setting: Setting = {}) {
  const { threads = 0, seed = 1, progress = () => {}, sources = [""], ...rest } = setting;
  const inside = sources.map((source) =>
    typeof source === "string" ? join(folder, source) : { ...source, path: join(folder, source.path!) }
  );
  const out = join(folder, "out.made");
  const options = { ...PLAIN, ...rest, sources: inside };
  const report = (await prepareCorpus({ options, seed, out, downloads: folder, threads, progress }))!;
  assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
    "train.jsonl",
    "validation.jsonl",
  ]);
  const [train, validation] = await Promise.all(
    ["train", "validation"].map((part) => readDocuments(join(out, `${part}.jsonl`))),
  );
  const count = (step: string) => report.steps.find((s) => s.step === step)!.count;
  await Deno.remove(out, { recursive: true });
  return { report, train, validation, all: [...train, ...validation], count };
}

const TEXT = "El gato duerme.\n***\nLa perra ladra, ¿no?\n***\nÑandú: ave que corre.\n***\nYa.";
const DOCUMENTS = TEXT.split("\n***\n");
const bytes = (text: string) => new TextEncoder().encode(text);
const jsonl = (texts: string[], key = "text") =>
  texts.map((text, id) => JSON.stringify({ id, [key]: text }) + "\n").join("");
const parquet = (texts: string[], codec?: "SNAPPY" | "GZIP" | "UNCOMPRESSED") =>
  new Uint8Array(parquetWriteBuffer({
    columnData: [{ name: "id", data: texts.map((_, i) => i), type: "INT32" }, {
      name: "text",
      data: texts,
      type: "STRING",
    }],
    rowGroupSize: 2,
    ...codec ? { codec } : {},
  }));

Deno.test("every form of file gives the same documents", async () => {
  const two = DOCUMENTS.slice(0, 2), rest = DOCUMENTS.slice(2);
  const forms: Files = {
    "a.txt": TEXT,
    "a.txt.gz": zlib.gzipSync(bytes(TEXT)),
    "a.txt.zst": zlib.zstdCompressSync(bytes(TEXT)),
    "a.jsonl": jsonl(DOCUMENTS),
    "a.jsonl.gz": Uint8Array.from([
      ...zlib.gzipSync(bytes(jsonl(two))),
      ...zlib.gzipSync(bytes(jsonl(rest))),
    ]),
    "a.jsonl.zst": Uint8Array.from(
      [...zlib.zstdCompressSync(bytes(jsonl(two))), ...zlib.zstdCompressSync(bytes(jsonl(rest)))],
    ),
    "a.parquet": parquet(DOCUMENTS),
    "b.parquet": parquet(DOCUMENTS, "UNCOMPRESSED"),
  };
  for (const [name, content] of Object.entries(forms)) {
    await withFiles({ [name]: content }, async (folder) => {
      const { all, report } = await prepare(folder, {
        sources: [name],
        validation: { share: 0.01, by: "tail" },
      });
      assertEquals(all.join(""), DOCUMENTS.join(""), name);
      assertEquals(report.documents.found, 4);
      assertEquals(report.files[0].bytes, Deno.statSync(join(folder, name)).size);
    });
  }
});

Deno.test("sources are files, folders and globs; each file counts once, in order", () =>
  withFiles(
    { "b.txt": "b", "sub/a.jsonl.gz": "a", "sub/c.md": "c\n***\ne", "sub/d.txt": "d" },
    async (folder) => {
      const names = async (path: string) =>
        (await listPath(path)).map((path) => path.slice(folder.length + 1));
      assertEquals(await names(folder), ["b.txt", "sub/a.jsonl.gz", "sub/d.txt"]);
      assertEquals(await names(`${folder}/**/*.txt`), ["b.txt", "sub/d.txt"]);
      assertEquals(await names(join(folder, "sub/c.md")), ["sub/c.md"]);
      await assertRejects(() => listPath(`${folder}/*.parquet`), UserError, "matches no file");
      await assertRejects(() => listPath(join(folder, "x")), UserError, "does not exist");
      // However a path is written, its file has one name.
      const found = [`${folder}/sub/d.txt`];
      for (const path of ["./sub/../sub/*.txt", ".//sub/d.txt", "sub/./d.tx?", "**/d.txt"]) {
        assertEquals(await listPath(`${folder}/${path}`), found, path);
      }
      const here = relative(Deno.cwd(), folder);
      for (
        const path of [`./${here}/sub/*.txt`, `${here}/sub/*.txt`, `./${here}/sub`, `./${here}/sub/d.txt`]
      ) {
        assertEquals(
          (await listPath(path)).filter((file) => file.endsWith(".txt")),
          [`${here}/sub/d.txt`],
          path,
        );
      }
      const { all } = await prepare(folder, { sources: ["b.txt", "*.txt", "sub/d.txt", "sub/c.md"] });
      assertEquals(all.join("|"), "b|d|c|e");
    },
  ));

Deno.test("a column, a weight and a limit are each source's own", () =>
  withFiles(
    {
      "a.jsonl": jsonl(Array.from({ length: 100 }, (_, i) => `a${i}.`), "content"),
      "b.txt": Array.from({ length: 100 }, (_, i) => `b${i}.`).join("\n"),
      "c.txt": "c1.\nc2.\nc3.\nc4.",
    },
    async (folder) => {
      const { train, validation, count, report } = await prepare(folder, {
        sources: [
          { path: "a.jsonl", column: "content", weight: 0.5 },
          { path: "b.txt", weight: 2.5 },
          { path: "c.txt", limit: 8 },
        ],
        documents: "lines",
        validation: { share: 0.1, by: "documents" },
      });
      const of = (letter: string, texts: string[]) => texts.filter((text) => text.startsWith(letter));
      const a = of("a", [...train, ...validation]).length;
      assert(a > 30 && a < 70, `${a} of 100`);
      assertEquals(count("weights"), 100 - a);
      const heldOut = of("b", validation).length, twice = of("b", train);
      assertEquals(new Set(twice).size, 100 - heldOut);
      assert(twice.length > 2.2 * (100 - heldOut) && twice.length < 2.8 * (100 - heldOut), `${twice.length}`);
      assertEquals(count("repeats"), twice.length - (100 - heldOut));
      assertEquals(validation.filter((text) => train.includes(text)), []);
      assertEquals(of("c", [...train, ...validation]).sort(), ["c1.", "c2."]);
      assertEquals(report.files.map(({ weight }) => weight), [0.5, 2.5, 1]);
    },
  ));

Deno.test("a chat is read as its messages, one below the other", () => {
  const chat = (...said: unknown[]) => JSON.stringify({ messages: said.map((content) => ({ content })) });
  const whole = Array.from({ length: 20 }, (_, i) => chat(`¿Cuánto es ${i} + 1?`, `${i + 1}.`));
  const files = { "a.jsonl": whole.join("\n"), "b.jsonl": [whole[0], chat("¿Qué?", 7)].join("\n") };
  return withFiles(files, async (folder) => {
    const validation = { share: 0.1, by: "documents" } as const;
    const read = (path: string) => prepare(folder, { sources: [{ path, column: "messages" }], validation });
    const { all } = await read("a.jsonl");
    assertEquals(all.length, 20);
    for (const text of all) assertMatch(text, /^¿Cuánto es \d+ \+ 1\?\n\d+\.$/);
    await assertRejects(() => read("b.jsonl"), UserError, 'b.jsonl:2: the value of "messages" is no text');
  });
});

Deno.test("the split is by whole documents and seed, or the end of the text in order", async () => {
  const texts = Array.from({ length: 200 }, (_, i) => `documento número ${i}`);
  await withFiles({ "a.txt": texts.join("\n***\n") }, async (folder) => {
    const run = (by: "documents" | "tail", seed = 1) =>
      prepare(folder, { seed, validation: { share: 0.25, by } });
    const [first, again, other] = [await run("documents"), await run("documents"), await run("documents", 2)];
    assertEquals(again.validation, first.validation);
    assert(JSON.stringify(other.validation) !== JSON.stringify(first.validation));
    assertEquals(first.all.toSorted(), texts.toSorted());
    assert(Math.abs(first.validation.length - 50) <= 1, `${first.validation.length}`);
    const spread = first.validation.map((text) => texts.indexOf(text));
    assert(spread.some((i) => i < 50) && spread.some((i) => i >= 150));
    const tail = await run("tail");
    assertEquals(tail.all.join(""), texts.join(""));
    assertEquals(tail.validation.at(-1), texts.at(-1));
  });
  for (const share of [0.001, 0.999]) {
    await withFiles({ "a.txt": DOCUMENTS.slice(0, 2).join("\n***\n") }, async (folder) => {
      const { train, validation } = await prepare(folder, { validation: { share, by: "documents" } });
      assertEquals([train.length, validation.length], [1, 1]);
    });
  }
  await withFiles({ "a.txt": "Un solo documento, que se parte." }, async (folder) => {
    const { report, all } = await prepare(folder, { validation: { share: 0.5, by: "documents" } });
    assertEquals(all.length, 2);
    assertStringIncludes(report.split, "as there is one document");
  });
});

Deno.test("neighbours are joined up to a length, but not across files", () =>
  withFiles({ "a.txt": "uno.\ndos.\ntres.\ncuatro.", "b.txt": "cinco.\nseis." }, async (folder) => {
    const setting = { documents: "lines", pack: 12, validation: { share: 0.3, by: "documents" } } as const;
    const { all, count } = await prepare(folder, setting);
    assertEquals(all.toSorted(), ["cinco.", "cuatro.", "seis.", "tres.", "uno.\n\ndos."]);
    assertEquals(count("packing"), 1);
  }));

/** A corpus of a few hundred documents with every fault that a step looks for. */
async function faulty(): Promise<string> {
  const chain = await Chain.ofProse(), dice = new Dice(5), texts: string[] = [];
  for (let i = 0; i < 300; i++) {
    const kind = i % 10, before = texts.at(-1 - dice.below(5)) ?? "";
    texts.push(
      kind === 7 ? before : kind === 8 ? alter(before, 0.02, dice) : kind === 9
        ? dice.pick([
          "Breve.",
          "1234 567, 89. ".repeat(40),
          "@ # @ # ".repeat(60),
          "the cat is on the mat of the house ".repeat(9),
        ])
        : `Inicio · Noticias\n\n${chain.document(dice, 1 + dice.below(4)).normalize(i % 3 ? "NFC" : "NFD")}`,
    );
  }
  return "\ufeff" + texts.join("\r\n***\r\n");
}

Deno.test("threads change nothing, and every document is accounted for", async () => {
  const text = await faulty();
  await withFiles(
    { "a.txt": text, "b.txt.gz": zlib.gzipSync(bytes(text.slice(1).repeat(8))) },
    async (folder) => {
      const seen = new Set<string>();
      const progress = ({ doing }: Progress) => void seen.add(doing);
      const setting = { ...EVERY_STEP, pack: 0, boilerplate: 20, sources: ["a.txt", "b.txt.gz"] };
      const alone = await prepare(folder, { ...setting, progress });
      assertEquals([...seen], ["reading", "filtering", "comparing", "writing"]);
      const { report, all, count } = alone;
      const threaded = await prepare(folder, { ...setting, threads: 2 });
      assertEquals(threaded.all, all);
      assertEquals(threaded.report, report);
      const dropped = report.steps.filter(({ unit, what }) => unit === "documents" && /dropped/.test(what));
      assertEquals(report.documents.found, all.length + dropped.reduce((sum, { count }) => sum + count, 0));
      for (const step of ["exact duplicates", "near duplicates", "short documents", "digits", "symbols"]) {
        assert(count(step) > 0, step);
      }
      for (const { step, count, samples } of dropped) {
        if (count > 0 && !step.endsWith("duplicates")) assert(samples.length > 0, step);
      }
      assert(report.copies.length === 5 && report.copies.every(({ dropped, kept }) => dropped && kept));
      assert(!all.some((text) => text.includes("inicio · noticias")));
      // The file whose text stands eight times in the other adds nothing but what cutting changes.
      const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
      assertEquals(sum(report.lengths.before), report.documents.found);
      assertEquals(sum(report.lengths.after), all.length);
      const characters = all.join("").length;
      assertEquals(report.characters.train + report.characters.validation, characters);
      assertEquals(
        report.alphabet.reduce((n, { character, count }) => n + character.length * count, 0),
        characters,
      );
      const page = renderCorpusReport("prueba", report);
      for (const { step } of report.steps) assertStringIncludes(page, step);
      assertStringIncludes(
        page,
        `<span lang="es">Se aparta: documentos enteros, sorteados por la semilla.</span>`,
      );
      assertStringIncludes(page, 'alt="Longitudes de los documentos"');
      assert(!page.includes("undefined") && !page.includes("NaN"));
      // The funnel begins with what was found, loses at each step what that dropped, and ends with what is left.
      const left = [...page.matchAll(/<span lang="en">([\d,]+) (?:documents, [\d,]+ characters|left, )/g)]
        .map((
          [, number],
        ) => Number(number.replaceAll(",", "")));
      const losses = dropped.map(({ count }) => count).filter((count) => count > 0);
      assertEquals(left[0], report.documents.found);
      assertEquals(left.slice(1).map((n, i) => left[i] - n), losses);
      assertEquals(left.at(-1), all.length);
    },
  );
});

Deno.test("variety counts each document once, however much its source weighs, and those that begin alike", () =>
  withFiles(
    {
      "a.txt": "Había una vez un gato.\n***\n¡Había una vez un perro!\n***\nHoy llueve.",
      "b.txt": "Mañana no llueve aquí.",
    },
    async (folder) => {
      const weighing = { sources: [{ path: "a.txt", weight: 3 }, "b.txt"] };
      const { report: { variety } } = await prepare(folder, {
        ...weighing,
        validation: { share: 0.01, by: "documents" },
      });
      const ngrams = { words: 16, distinct: [11, 9, 6, 4] };
      assertEquals(variety.ngrams, ngrams);
      assertEquals(variety.sample, ngrams);
      assertEquals(variety.openings, { documents: 4, shared: 2 });
      assertEquals(variety.near, null);
      // Each ends with an empty line.
      const documents = [
        "Había una vez un gato.",
        "¡Había una vez un perro!",
        "Hoy llueve.",
        "Mañana no llueve aquí.",
      ];
      assertEquals(variety.compression.bytes, bytes(documents.map((text) => `${text}\n\n`).join("")).length);
    },
  ));

Deno.test("what is no text stops the stage with file and line, or is skipped and counted", async () => {
  const latin = Uint8Array.from([...bytes("una línea\n"), 0x61, 0xf1, 0x6f, 0x0a, ...bytes("otra línea\n")]);
  const cases: [string, Uint8Array | string, string, string[]][] = [
    ["a.txt", latin, "a.txt:2: not valid UTF-8", ["una línea\notra línea"]],
    ["a.jsonl", '{"text":"uno"}\n{"text":\n\n{"text":"dos"}\n', "a.jsonl:2: no JSON;", ["uno", "dos"]],
    ["a.jsonl", '{"text":"uno"}\n[1]\n{"text":"dos"}\n', "a.jsonl:2: no JSON object;", ["uno", "dos"]],
    ["a.jsonl", '{"text":"uno"}\n{"id":1,"texto":"x"}\n', 'a.jsonl:2: no key "text" (it has: id, texto)', [
      "uno",
    ]],
    ["a.jsonl", '{"text":7}\n{"text":"dos"}', 'a.jsonl:1: the value of "text" is no text', ["dos"]],
    [
      "a.jsonl",
      Uint8Array.from([...bytes('{"text":"'), 0xff, ...bytes('"}\n{"text":"dos"}')]),
      "a.jsonl:1: not valid UTF-8",
      ["dos"],
    ],
  ];
  for (const [name, content, message, left] of cases) {
    await withFiles({ [name]: content }, async (folder) => {
      const validation = { share: 0.001, by: "tail" } as const;
      const error = await assertRejects(() => prepare(folder, { validation }), UserError);
      assertStringIncludes(error.message, message);
      const { all, count } = await prepare(folder, { bad_input: "skip", validation });
      assertEquals(all.join(""), left.join(""), message);
      assertEquals(count("bad input"), 1);
    });
  }
  await withFiles({ "a.txt": "uno\n\0dos" }, async (folder) => {
    await assertRejects(() => prepare(folder, { bad_input: "skip" }), UserError, "a.txt:2: a zero byte");
  });
});

Deno.test("lines are counted across blocks, and a character may lie across two", () => {
  const line = "ñandú ".repeat(20).trim();
  const long = Array.from({ length: 12_000 }, (_, i) => `${line} ${i}`);
  return withFiles(
    { "a.txt": long.join("\n"), "b.txt": bytes(`${long.join("\n")}\n\xff`) },
    async (folder) => {
      const { all } = await prepare(folder, { sources: ["a.txt"], documents: "lines" });
      assertEquals(all.join(""), long.join(""));
      const broken = Uint8Array.from([...bytes(`${long.join("\n")}\n`), 0xff]);
      await Deno.writeFile(join(folder, "b.txt"), broken);
      await assertRejects(() => prepare(folder, { sources: ["b.txt"] }), UserError, "b.txt:12001:");
      // One line without end, cut where characters begin.
      await Deno.writeTextFile(join(folder, "c.txt"), "ñ".repeat(10 << 20));
      const { all: cut } = await prepare(folder, { sources: ["c.txt"], documents: "file" });
      assert(/^[ñ\n]+$/.test(cut.join("")));
      assertEquals(cut.join("").replaceAll("\n", "").length, 10 << 20);
    },
  );
});

Deno.test("nothing left says which step dropped it, and leaves nothing behind", () =>
  withFiles({ "a.txt": "corto\n***\nbreve", "b.txt": "" }, async (folder) => {
    const error = await assertRejects(() => prepare(folder, { min_document_length: 10 }), UserError);
    assertStringIncludes(error.message, "short documents: 2 documents");
    await assertRejects(() => prepare(folder, { sources: ["b.txt"] }), UserError, "the files are empty");
    assertEquals([...Deno.readDirSync(join(folder, "out.made"))], []);
  }));

Deno.test("documents survive the way to disk and back, and a broken line is told by number", () =>
  withFiles(
    { "good": jsonl(["uno\n«dos»", ""]), "bad": '{"text":"a"}\n{"txt":1}\n' },
    async (folder) => {
      assertEquals(await readDocuments(join(folder, "good")), ["uno\n«dos»", ""]);
      await assertRejects(() => readDocuments(join(folder, "bad")), UserError, "bad:2:");
    },
  ));
