/** The example notebook: its cells, run one after another as a script against a server. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loopback, startServer } from "./server.ts";

interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly source: readonly string[];
}

const path = new URL("../../../docs/notebook.ipynb", import.meta.url);

Deno.test({
  name: "every cell of the notebook runs, with its types, against a server of any models",
  permissions: loopback,
  fn: async () => {
    const { cells, metadata }: { cells: Cell[]; metadata: { kernelspec: { name: string } } } = JSON.parse(
      await Deno.readTextFile(path),
    );
    assertEquals(metadata.kernelspec.name, "deno");
    await using server = await startServer();
    const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }, i) =>
      `${source.join("")}\nconsole.log("cell ${i + 1} ran");\n`
    );
    assert(code[0].includes('"http://localhost:8000"'), "the first cell names the server");
    const script = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(script, code.join("").replace("http://localhost:8000", server.url));
      const { host } = new URL(server.url);
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "--no-config", "--check", `--allow-net=${host}`, script],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const said = new TextDecoder().decode(stdout);
      for (let i = 1; i <= code.length; i++) assertStringIncludes(said, `cell ${i} ran`);
      assertStringIncludes(said, "tiny/instruct");
    } finally {
      await Deno.remove(script);
    }
  },
});
