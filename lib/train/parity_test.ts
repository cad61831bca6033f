import { assertLess } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { replay, TOLERANCES } from "./parity.ts";

const CASES = [...Deno.readDirSync(new URL("./testdata/parity/", import.meta.url))].map(({ name }) => name)
  .sort();
const folder = new URL("./testdata/parity/", import.meta.url).pathname;
const devices = [{ name: "oracle", device: new OracleDevice() }, ...await testDevices()];

for (const { name, device } of devices) {
  for (const test of CASES) {
    Deno.test(`${name}: training ${test} agrees with PyTorch in float64`, async () => {
      const errors = await replay(folder + test, device);
      for (const key of Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[]) {
        assertLess(errors[key], TOLERANCES[key], key);
      }
      // In float64, agreement is limited only by the digits stored: of the expected values, and of RoPE's angles.
      if (name === "oracle") assertLess(errors.loss, 1e-5);
    });
  }
}
