/** How each reader of a path that a user names rejects paths to anything other than it expects. */
import { assert, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { pipeline } from "../../stages/pipeline.ts";
import { readRows } from "../data/rows.ts";
import { UserError } from "../errors.ts";
import { hashFile, writeFileAtomic } from "../files.ts";
import { writeFolderAtomic } from "../folders.ts";
import { readHuggingFace } from "../checkpoint/huggingface.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import { Faq } from "../server/faq.ts";
import { ModelStore } from "../server/models.ts";
import { readTokenizer } from "../text/tokenizer.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { lockFolder } from "../lock.ts";
import { loadPreset } from "./preset.ts";

/** Runs a test in a place with a file `file` and a folder `folder`. */
async function inPlace(test: (place: string) => Promise<void>): Promise<void> {
  const place = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(place, "folder"));
    await Deno.writeTextFile(join(place, "file"), "");
    await test(place);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

async function saysInOneLine(run: () => Promise<unknown>, text: string): Promise<void> {
  const { message } = await assertRejects(run, UserError, text);
  assert(!message.includes("\n"), message);
}

/** Functions that read a file by its path. With `inside`, they get the folder, and read the file of that name in it. */
const readers: [what: string, read: (path: string) => Promise<unknown>, inside?: string][] = [
  ["a preset", (path) => loadPreset(pipeline, path)],
  ["a data file, or --file", readRows],
  ["a tokenizer", readTokenizer],
  ["weights", readSafetensors],
  ["--faq", Faq.read],
  ["a model's config.json", readHuggingFace, "config.json"],
];
for (const [what, read, inside = ""] of readers) {
  Deno.test(`${what}: a folder, a path through a file and nothing at all are each told in a line`, () =>
    inPlace(async (place) => {
      await Deno.mkdir(join(place, "folder", inside), { recursive: true });
      await saysInOneLine(() => read(join(place, "folder")), "is a folder, where a file is expected; ");
      await saysInOneLine(
        () => read(join(place, "file/x")),
        "does not exist: a part of it is a file, not a folder; ",
      );
      await saysInOneLine(() => read(join(place, "none")), "does not exist; ");
      await saysInOneLine(() => read(join(place, "n".repeat(300))), "does not exist: the name is too long; ");
    }));
}

Deno.test("folders where a file is hashed, or checkpoint.json should be, are told in a line", () =>
  inPlace(async (place) => {
    await saysInOneLine(() => hashFile(join(place, "folder")), "is a folder, where a file is expected");
    await assertRejects(() => hashFile(join(place, "none")), Deno.errors.NotFound);
    await Deno.mkdir(join(place, "folder/checkpoint.json"));
    await saysInOneLine(() => readCheckpointInfo(join(place, "folder")), "checkpoint.json is a folder");
  }));

Deno.test("files where a folder of models should be are told in a line", () =>
  inPlace(async (place) => {
    const file = join(place, "file");
    await saysInOneLine(
      () => ModelStore.find(file, "cpu", { rows: 1, queue: 1 }),
      "is a file, where a folder is",
    );
    await saysInOneLine(() => findCheckpoint(file), "holds no model");
  }));

Deno.test("what stands in the way of a result is told in a line, and stays", () =>
  inPlace(async (place) => {
    const says = "cannot be written: a file has the name of a folder there, or a folder that of a file";
    await saysInOneLine(() => writeFileAtomic(join(place, "file/x"), "1"), says);
    await saysInOneLine(() => writeFileAtomic(join(place, "folder"), "1"), says);
    await saysInOneLine(() => writeFolderAtomic(join(place, "file/x"), { a: "1" }), says);
    await saysInOneLine(() => lockFolder(join(place, "file/x"), "test"), says);
    assert((await Deno.stat(join(place, "file"))).isFile);
  }));
