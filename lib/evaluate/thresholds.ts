/** Thresholds in a preset for figures of the report: evaluation as a gate. */
import { UserError } from "../errors.ts";
import type { Shortfall } from "./report.ts";

type Bounds = Record<string, { readonly min?: number | undefined; readonly max?: number | undefined }>;

/**
 * The figures that miss their thresholds.
 * @param thresholds by path in the report, such as `checkpoints.base.text.bpc`
 * @throws {UserError} if there is no figure at a path
 */
export function shortfalls(report: unknown, thresholds: Bounds): Shortfall[] {
  return Object.entries(thresholds).flatMap(([figure, { min, max }]) => {
    let at: unknown = report;
    for (const part of figure.split(".")) {
      const next = (at as Record<string, unknown> | null | undefined)?.[part];
      if (next === undefined) {
        const there = at && typeof at === "object" ? Object.keys(at).slice(0, 12).join(", ") : "nothing";
        throw new UserError(`evaluate.thresholds: ${figure}: no ${part} in the report; there is ${there}`);
      }
      at = next;
    }
    if (typeof at !== "number") {
      throw new UserError(`evaluate.thresholds: ${figure} is no figure of the report`);
    }
    const value = at;
    if (min !== undefined && value < min) return [{ figure, value, bound: `at least ${min}` }];
    if (max !== undefined && value > max) return [{ figure, value, bound: `at most ${max}` }];
    return [];
  });
}
