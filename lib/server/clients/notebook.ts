/**
 * The example notebook: its cells, run one after another as a script against a server. As a program, this runs them
 * against the models that ship, and writes into the notebook what they print.
 *
 *   cd lib/server/clients && deno task notebook
 */
import { startServer } from "./server.ts";

interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly source: readonly string[];
  execution_count?: number;
  outputs?: readonly unknown[];
}

export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: { readonly kernelspec: { readonly name: string } };
}

const path = new URL("../../../docs/notebook.ipynb", import.meta.url);
/** Printed after each cell. */
const END = "\0";

export const codeCells = ({ cells }: Notebook) => cells.filter(({ cell_type }) => cell_type === "code");

export async function readNotebook(): Promise<Notebook> {
  return JSON.parse(await Deno.readTextFile(path));
}

/**
 * Runs the code cells, with their types checked.
 * @param url of the server
 * @returns what each cell prints
 * @throws if the first cell does not name the server, or one fails
 */
export async function runCells(notebook: Notebook, url: string): Promise<string[]> {
  const code = codeCells(notebook).map(({ source }) =>
    `${source.join("")}\nconsole.log(${JSON.stringify(END)});\n`
  );
  if (!code[0].includes('"http://localhost:8000"')) {
    throw new Error("the first cell does not name the server");
  }
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, code.join("").replace("http://localhost:8000", url));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-config", "--check", `--allow-net=${new URL(url).host}`, script],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).split(`${END}\n`).slice(0, -1);
  } finally {
    await Deno.remove(script);
  }
}

/** A text as notebooks hold it: in lines, each with its end. */
const linesOf = (text: string) => text.split(/(?<=\n)/);

if (import.meta.main) {
  const notebook = await readNotebook();
  await using server = await startServer("--models", "models");
  const printed = await runCells(notebook, server.url);
  for (const [i, cell] of codeCells(notebook).entries()) {
    cell.execution_count = i + 1;
    cell.outputs = [{ output_type: "stream", name: "stdout", text: linesOf(printed[i]) }];
  }
  await Deno.writeTextFile(path, JSON.stringify(notebook, null, 1) + "\n");
}
