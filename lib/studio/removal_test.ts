import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { lockFolder } from "../lock.ts";
import { removeDeleted, removeModels, SHIPPED } from "./removal.ts";

async function inFolder(body: () => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" }), before = Deno.cwd();
  Deno.chdir(folder);
  try {
    await body();
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what a killed deletion left goes with the next one, and other leftovers stay", () =>
  inFolder(async () => {
    for (const name of ["mine.deleted.tmp/pretrain", "mine/pretrain", "other.old/pretrain"]) {
      await Deno.mkdir(`models/${name}`, { recursive: true });
    }
    await removeModels("mine");
    assertEquals([...Deno.readDirSync("models")].map(({ name }) => name), ["other.old"]);
    await Deno.mkdir("models/other.deleted.tmp");
    await removeDeleted();
    assertEquals([...Deno.readDirSync("models")].map(({ name }) => name), ["other.old"]);
  }));

Deno.test("a folder of which a part is being written stays whole, and is unlocked again", () =>
  inFolder(async () => {
    for (const part of ["instruct", "pretrain"]) await Deno.mkdir(`models/mine/${part}`, { recursive: true });
    {
      await using _lock = await lockFolder("models/mine/pretrain", "pretrain");
      await assertRejects(() => removeModels("mine"), UserError, "models/mine/pretrain is being written by");
    }
    assert(await exists("models/mine/instruct") && await exists("models/mine/pretrain"));
    assert(!await exists("models/mine/instruct.lock"));
    await removeModels("mine");
    assert(!await exists("models/mine"));
  }));

Deno.test("a link is removed, and not what it leads to", () =>
  inFolder(async () => {
    await Deno.mkdir("models/mine/pretrain", { recursive: true });
    await Deno.mkdir("elsewhere");
    await Deno.writeTextFile("elsewhere/kept.txt", "kept");
    await Deno.symlink("../../../elsewhere", "models/mine/pretrain/best");
    await removeModels("mine");
    assert(!await exists("models/mine") && await exists("elsewhere/kept.txt"));
  }));

Deno.test("what comes with the project is what git keeps of models/", async () => {
  const ignored = await Deno.readTextFile(new URL("../../.gitignore", import.meta.url));
  assertEquals([...SHIPPED], [...ignored.matchAll(/^!\/?models\/([^/\n]+)\/$/gm)].map(([, name]) => name));
});
