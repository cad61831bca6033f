import { assertLess } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { replay, TOLERANCES } from "./parity.ts";

const folder = new URL("./testdata/parity/", import.meta.url).pathname;
const devices = [{ name: "oracle", device: new OracleDevice() }, ...await testDevices()];

for (const { name, device } of devices) {
  for (const test of ["gpt2", "gpt2-odd"]) {
    Deno.test(`${name}: twenty training steps of ${test} agree with PyTorch's in float64`, async () => {
      const errors = await replay(folder + test, device);
      for (const key of Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[]) {
        assertLess(errors[key], TOLERANCES[key], key);
      }
      // In float64 only the stored digits of the expected values limit the agreement.
      if (name === "oracle") assertLess(errors.loss, 1e-6);
    });
  }
}
