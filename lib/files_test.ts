import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { writeFileAtomic } from "./files.ts";
import { inTemporaryFolder } from "./testing.ts";

const list = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();

Deno.test("a write that fails leaves the old file as it was, and no other", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    await writeFileAtomic(path, "old");
    const broken = {
      get length(): number {
        throw new Error("broken off");
      },
    } as Uint8Array<ArrayBuffer>;
    await assertRejects(() => writeFileAtomic(path, [new Uint8Array(10), broken]), Error, "broken off");
    assertEquals(await Deno.readTextFile(path), "old");
    assertEquals(list(folder), ["file"]);
  }));

Deno.test({
  name: "a full disk is told as such",
  ignore: Deno.build.os !== "linux", // /dev/full is Linux's: every write to it finds no space
  async fn() {
    const program = `
      import { throwWriteError } from "${new URL("./files.ts", import.meta.url)}";
      try {
        await Deno.writeTextFile("/dev/full", "x");
      } catch (error) {
        try { throwWriteError(error, "models/x"); } catch (told) { console.log(told.name, told.message); }
      }`;
    const config = new URL("../deno.json", import.meta.url).pathname;
    // Deno lets a program open device files only with all permissions.
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "-q", `--config=${config}`, program],
    })
      .output();
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      "UserError models/x cannot be written: the disk is full; free some space and run again",
    );
  },
});
