import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../errors.ts";
import { parseFlags } from "./flags.ts";

const program = {
  ...{ name: "ask", help: "", operands: true },
  values: ["model"],
  lists: ["set"],
  switches: ["raw"],
} as const;
const refusal = (...args: string[]) => assertThrows(() => parseFlags(program, args), UserError).message;

Deno.test("flags are read with their kinds, in both spellings and in any order", () => {
  const line = parseFlags(program, [
    "¿Qué?",
    "--set",
    "a=1",
    "--model=m",
    "--set=b=2=3",
    "--raw",
    "--",
    "--x",
    "-",
  ]);
  assertEquals(line, {
    flags: { model: "m", set: ["a=1", "b=2=3"], raw: true },
    operands: ["¿Qué?", "--x", "-"],
  });
  // The flags have the types of their kinds; otherwise this would not compile.
  const { model, set, raw }: { model: string | undefined; set: readonly string[]; raw: boolean } =
    line!.flags;
  assertEquals([typeof model, set.length, raw], ["string", 2, true]);
});

Deno.test("flags that are left out are undefined, empty and false; of several values the last counts", () => {
  assertEquals(parseFlags(program, []), { flags: { model: undefined, set: [], raw: false }, operands: [] });
  assertEquals(parseFlags(program, ["--model", "a", "--model", "b"])?.flags.model, "b");
});

Deno.test("help is asked for by -h and --help, whatever stands beside it", () => {
  for (const args of [["-h"], ["--help"], ["--model", "m", "--help"], ["x", "-h", "--nope"]]) {
    assertEquals(parseFlags(program, args), null);
  }
  assertEquals(parseFlags(program, ["--", "--help"])?.operands, ["--help"]);
});

Deno.test("unknown flags, flags without a value and switches with one are refused by name", () => {
  assertEquals(
    refusal("--modle", "m"),
    "unknown argument --modle; did you mean --model? deno task ask --help lists what there is",
  );
  assertEquals(
    refusal("-m"),
    "unknown argument -m; put -- before what begins with - and is no flag; deno task ask --help lists what there is",
  );
  assertEquals(
    refusal("--toString"),
    "unknown argument --toString; deno task ask --help lists what there is",
  );
  assertEquals(refusal("--model"), "--model lacks its value; deno task ask --help lists what there is");
  assertEquals(
    refusal("--model", "--raw"),
    "--model lacks its value; deno task ask --help lists what there is",
  );
  assertEquals(refusal("--model="), "--model lacks its value; deno task ask --help lists what there is");
  assertEquals(refusal("--raw=yes"), "--raw takes no value; leave out =yes");
  assertThrows(
    () => parseFlags({ ...program, operands: false }, ["x"]),
    UserError,
    "unknown argument x; deno task ask --help",
  );
});

Deno.test("a value may begin with a minus", () => {
  assertEquals(parseFlags(program, ["--model", "-1"])?.flags.model, "-1");
  assertEquals(parseFlags(program, ["--model=--x"])?.flags.model, "--x");
});
