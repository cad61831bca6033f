import { assertEquals } from "@std/assert";
import { Pace } from "./pace.ts";

Deno.test("a validation changes neither speed nor time left, however many results come together after it", async () => {
  let clock = 5000;
  const pace = new Pace(() => clock);
  const step = { tokens: 100 };
  for (let i = 0; i < 30; i++) {
    clock += 1000;
    pace.add([step]);
    assertEquals([pace.tokensPerSecond, pace.secondsFor(90)], [100, 90]);
  }
  await pace.pause(() => {
    clock += 100_000;
    return Promise.resolve();
  });
  assertEquals([pace.tokensPerSecond, pace.secondsFor(90)], [100, 90]);
  clock += 15_000;
  pace.add(Array.from({ length: 15 }, () => step));
  assertEquals([pace.tokensPerSecond, pace.secondsFor(75)], [100, 75]);
});
