/** The sizes of the pages' and the routes' files. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}

Deno.test("no file of the pages and the routes has over 300 lines", async () => {
  let seen = 0;
  for (const folder of ["page", "routes"]) {
    for await (const path of filesIn(join(import.meta.dirname!, folder))) {
      const lines = (await Deno.readTextFile(path)).split("\n").length - 1;
      assertEquals(lines > 300, false, `${path} has ${lines} lines`);
      seen++;
    }
  }
  assert(seen > 100, `${seen} files`);
});
