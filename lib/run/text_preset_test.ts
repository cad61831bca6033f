import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { pipeline } from "../../stages/pipeline.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { parsePreset } from "./preset.ts";
import { sampleText } from "./testing.ts";
import { LEAST_TEXT, measureText, nameOf, type SizeName, SIZES, writeTextPreset } from "./text_preset.ts";

Deno.test("a name follows from a text's", () => {
  assertEquals(nameOf("/home/ana/Mi Libro (2ª edición).txt"), "mi-libro-2a-edicion".replace("2a", "2"));
  assertEquals(nameOf("web/es.jsonl.zst"), "es");
  assertEquals(nameOf("cartas/"), "cartas");
  assertEquals(nameOf("文.txt"), "");
  assertEquals(nameOf("a".repeat(300)).length, 40);
});

/** Runs a test in a temporary current folder, since presets are written below the current one. */
async function inFolder(body: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" }), before = Deno.cwd();
  Deno.chdir(folder);
  try {
    await body(folder);
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

const message = async (body: () => Promise<unknown>) => (await assertRejects(body, UserError)).message;

Deno.test("each size makes a sound preset, also of the shortest and of long texts", () =>
  inFolder(async () => {
    for (const size of Object.keys(SIZES) as SizeName[]) {
      for (const bytes of [LEAST_TEXT, 3_000_000]) {
        const name = `${size}-${bytes}`;
        const training = { name, sources: ["my.txt"], size, minutes: 3 };
        assert(await writeTextPreset(pipeline, training, { bytes }));
        const preset = parsePreset(pipeline, await Deno.readTextFile(`configs/${name}.yaml`), name);
        const { context } = preset.model as { context: number };
        assertEquals(context, bytes === LEAST_TEXT ? 40 : 256);
        assertEquals((preset.tokenizer as { kind: string }).kind, bytes === LEAST_TEXT ? "char" : "bpe");
        const { snapshots } = preset.pretrain as { snapshots: boolean };
        assertEquals(snapshots, ["tiny", "small", "medium"].includes(size), size);
      }
    }
  }));

Deno.test("a preset is written once, with --set in it, and never over another one unasked", () =>
  inFolder(async () => {
    const training = { name: "mine", sources: ["my.txt"], size: "auto", minutes: 3 } as const;
    const options = { bytes: 5000, sets: ["pretrain.steps=7", "model.layers=1"] };
    // Keys that set the same thing in another way are replaced.
    const sets = [...options.sets, "model.heads=1", "model.width=8"];
    assert(await writeTextPreset(pipeline, training, { ...options, sets }));
    const text = await Deno.readTextFile("configs/mine.yaml");
    const preset = parsePreset(pipeline, text, "mine");
    assertEquals((preset.pretrain as { steps: number }).steps, 7);
    assert(!text.includes("minutes"), text);
    assert(!await writeTextPreset(pipeline, training, { ...options, sets }));
    assertStringIncludes(
      await message(() => writeTextPreset(pipeline, training, { bytes: 5000 })),
      "configs/mine.yaml is there and says otherwise; run it with deno task pipeline --config configs/mine.yaml",
    );
    assertEquals(await Deno.readTextFile("configs/mine.yaml"), text);
    assert(await writeTextPreset(pipeline, training, { bytes: 5000, replace: true }));
    assertStringIncludes(
      await message(() =>
        writeTextPreset(pipeline, { ...training, name: "other" }, { ...options, sets: ["pretrain.step=1"] })
      ),
      "pretrain.step: unknown key",
    );
    assert(!await exists("configs/other.yaml"));
  }));

Deno.test("a preset that an older version wrote, without snapshots, is kept", () =>
  inFolder(async () => {
    const training = { name: "mine", sources: ["my.txt"], size: "tiny", minutes: 3 } as const;
    assert(await writeTextPreset(pipeline, training, { bytes: 5000 }));
    const older = (await Deno.readTextFile("configs/mine.yaml")).replace("  snapshots: true\n", "");
    await Deno.writeTextFile("configs/mine.yaml", older);
    assert(!await writeTextPreset(pipeline, training, { bytes: 5000 }));
    assertEquals(await Deno.readTextFile("configs/mine.yaml"), older);
    // Who asks for them is told that this preset has none.
    await message(() =>
      writeTextPreset(pipeline, training, { bytes: 5000, sets: ["pretrain.snapshots=true"] })
    );
  }));

Deno.test("what is no text, or too short, is told before anything is written", () =>
  inFolder(async (folder) => {
    const write = async (name: string, content: string | Uint8Array) => {
      await Deno.mkdir("texts", { recursive: true });
      await Deno.writeFile(
        join("texts", name),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    };
    const refusal = (...sources: string[]) => message(() => measureText(sources));
    await write("short.txt", "Una frase.");
    assertEquals(
      await refusal("texts/short.txt"),
      "texts/short.txt: 10 bytes of text are too few to learn from; give at least 2,000",
    );
    await write("empty.txt", "");
    assertStringIncludes(await refusal("texts/empty.txt"), "0 bytes of text are too few");
    await write("paper.pdf", new Uint8Array([37, 80, 68, 70, 0xe2, 0xe3, 0xcf, 0xd3]));
    assertEquals(
      await refusal("texts/paper.pdf"),
      "texts/paper.pdf is no plain text in UTF-8; convert it (a PDF or a document: save it as .txt)",
    );
    await write("zero.txt", "a\0".repeat(2000));
    assertStringIncludes(await refusal("texts/zero.txt"), "is no plain text in UTF-8");
    assertEquals(
      await refusal("texts/none.txt"),
      "texts/none.txt does not exist; give a file, a folder, a glob or an address",
    );
    await Deno.mkdir("nothing");
    assertStringIncludes(await refusal("nothing"), "folder nothing has no file that ends in .txt");
    for (const name of ["zero.txt", "empty.txt"]) await Deno.remove(join(folder, "texts", name));
    // A character cut off where the first bytes end is not a fault.
    await write("long.txt", "a" + "ñ".repeat(2 ** 16));
    await write("more.txt", sampleText());
    const sizes = ["short", "long", "more"].map((name) => Deno.statSync(`texts/${name}.txt`).size);
    assertEquals(await measureText(["texts"]), sizes.reduce((a, b) => a + b));
  }));
