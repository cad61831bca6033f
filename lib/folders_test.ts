import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { exists } from "./files.ts";
import { isLeftover, locateFolder, readFolder, tidyFolder, writeFolderAtomic } from "./folders.ts";
import { inTemporaryFolder } from "./testing.ts";

const list = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
const read = (folder: string) => readFolder(folder, (place) => Deno.readTextFile(join(place, "a")));

Deno.test("a folder is replaced as a whole, and nothing else stays", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "last");
    await writeFolderAtomic(path, { a: "1", b: "1" });
    await writeFolderAtomic(path, { a: "2" });
    assertEquals(list(path), ["a"]);
    assertEquals(list(folder), ["last"]);
  }));

Deno.test("readers look around what a kill left, and touch nothing; the next writer removes it", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "last");
    await writeFolderAtomic(path, { a: "1" });

    // Leftovers of two kills: one while the old folder was removed, one while the new one was written.
    await Deno.mkdir(`${path}.old`);
    await Deno.mkdir(`${path}.partial`);
    assertEquals(await read(path), "1");
    assertEquals(list(folder), ["last", "last.old", "last.partial"]);

    // A kill after the old folder was moved away and before the new one took its place.
    await Deno.remove(`${path}.old`);
    await Deno.rename(path, `${path}.old`);
    await writeFolderAtomic(join(folder, "other"), { a: "2" });
    await Deno.rename(join(folder, "other"), `${path}.new`);
    assertEquals(await read(path), "2");
    assertEquals(await locateFolder(path), `${path}.new`);
    assertEquals(list(folder), ["last.new", "last.old", "last.partial"]);

    await writeFolderAtomic(path, { a: "3" });
    assertEquals(await read(path), "3");
    assertEquals(list(folder), ["last"]);
  }));

Deno.test("a write that fails leaves the folder that a kill had left in .new, in its place", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "last");
    await Deno.mkdir(`${path}.new`);
    await Deno.writeTextFile(join(`${path}.new`, "a"), "1");
    const broken = {
      get length(): number {
        throw new Error("broken off");
      },
    } as Uint8Array<ArrayBuffer>;
    await assertRejects(() => writeFolderAtomic(path, { a: [broken] }), Error, "broken off");
    assertEquals(await read(path), "1");
    assertEquals(list(folder), ["last"]);
  }));

Deno.test("tidying a folder that nobody writes removes what killed writers left, wherever it is", () =>
  inTemporaryFolder(async (folder) => {
    await tidyFolder(join(folder, "none"));
    await writeFolderAtomic(join(folder, "last"), { a: "1" });
    await Deno.rename(join(folder, "last"), join(folder, "best.new"));
    for (const name of ["best.old", "last.partial", "scratch.tmp", "task/last.new", "task/last"]) {
      await Deno.mkdir(join(folder, name), { recursive: true });
    }
    for (const name of ["kept", "report.json.1f2e3d4c.tmp", "task/loss.svg.1f2e3d4c.tmp"]) {
      await Deno.writeTextFile(join(folder, name), "");
    }
    await tidyFolder(folder);
    assertEquals(list(folder), ["best", "kept", "task"]);
    assertEquals([list(join(folder, "best")), list(join(folder, "task"))], [["a"], ["last"]]);
  }));

Deno.test("a reader that meets a swap reads again", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "best");
    await writeFolderAtomic(path, { a: "1", b: "1" });
    let passes = 0;
    const seen = await readFolder(path, async (place) => {
      const a = await Deno.readTextFile(join(place, "a"));
      if (++passes === 1) await writeFolderAtomic(path, { a: "2", b: "2" });
      return a + await Deno.readTextFile(join(place, "b"));
    });
    assertEquals([seen, passes], ["22", 2]);
    // The folder is moved away for a moment, and moved back before the reader looks again.
    passes = 0;
    await Deno.rename(path, `${path}.new`);
    const back = await readFolder(path, async (place) => {
      if (++passes === 1) await Deno.rename(`${path}.new`, path);
      return await Deno.readTextFile(join(place, "a"));
    });
    assertEquals([back, passes], ["2", 2]);
  }));

Deno.test("of 200 reads of a folder that is replaced all the time, each is of one generation", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "best");
    const names = ["a", "b", "c"];
    let generation = 0, done = false;
    const replace = () => writeFolderAtomic(path, Object.fromEntries(names.map((n) => [n, `${generation}`])));
    await replace();
    const writing = (async () => {
      for (generation++; !done; generation++) await replace();
    })();
    try {
      for (let reads = 0; reads < 200 || generation < 20; reads++) {
        const seen = await readFolder(path, async (place) => {
          const texts: string[] = [];
          for (const name of names) texts.push(await Deno.readTextFile(join(place, name)));
          return texts;
        });
        assertEquals(new Set(seen).size, 1, seen.join());
      }
    } finally {
      done = true;
      await writing;
    }
  }));

Deno.test("a reader's own error is thrown as it is, and a folder that is not there is read once", () =>
  inTemporaryFolder(async (folder) => {
    let passes = 0;
    const path = join(folder, "none");
    await assertRejects(() => readFolder(path, () => Promise.reject(new Error(`${++passes}`))), Error, "1");
    assertEquals([passes, await exists(path)], [1, false]);
  }));

Deno.test("names of what is not whole are known as such", () => {
  assertEquals(["best.old", "a/b.new", "x.partial", "y.1f.tmp"].every(isLeftover), true);
  assertEquals(["best", "old", "new.txt", "tmp"].some(isLeftover), false);
});
