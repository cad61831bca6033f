import { assertEquals } from "@std/assert";
import { readStanding, type Standing, standingLine } from "./standing.ts";

Deno.test("what a taught model can do is read from the log as it was written", () => {
  const standing: Standing = {
    taught: { right: 4, all: 4 },
    wordings: { right: 90, all: 96 },
    similar: { right: 1, all: 20 },
    known: { right: 40, all: 41 },
    before: { right: 41, all: 41 },
  };
  assertEquals(standingLine({ taught: standing.taught! }), "taught 4/4");
  assertEquals(readStanding(standingLine(standing)), standing);
  assertEquals(readStanding("taught 1/2, of another version 3/4, and no number"), {
    taught: { right: 1, all: 2 },
  });
});
