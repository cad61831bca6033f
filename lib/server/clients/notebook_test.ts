/** The example notebook, run against a server of tiny models. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { codeCells, readNotebook, runCells } from "./notebook.ts";
import { loopback, startServer } from "./server.ts";

Deno.test({
  name: "every cell of the notebook runs, with its types, against a server of any models",
  permissions: loopback,
  fn: async () => {
    const notebook = await readNotebook();
    assertEquals(notebook.metadata.kernelspec.name, "deno");
    await using server = await startServer();
    const printed = await runCells(notebook, server.url);
    assertEquals(printed.length, codeCells(notebook).length);
    assertStringIncludes(printed[0], "tiny/instruct");
    for (const [i, text] of printed.entries()) assert(text.trim() !== "", `cell ${i + 1} prints something`);
  },
});
