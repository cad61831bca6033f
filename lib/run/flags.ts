/** Values of command line flags. */
import type { DeviceChoice } from "../device/open.ts";
import { UserError } from "../errors.ts";

/** @throws {UserError} if it is no number, or below `least` */
export function numberFlag(name: string, value: string, least: number, whole: boolean): number {
  const number = Number(value);
  const sound = value.trim() !== "" && Number.isFinite(number) && (!whole || Number.isInteger(number));
  if (!sound || number < least) {
    throw new UserError(`--${name} ${value}: expected a ${whole ? "whole " : ""}number of at least ${least}`);
  }
  return number;
}

export function deviceFlag(value: string): DeviceChoice {
  if (value !== "auto" && value !== "cpu" && value !== "webgpu") {
    throw new UserError(`--device ${value}: expected auto, cpu or webgpu`);
  }
  return value;
}
