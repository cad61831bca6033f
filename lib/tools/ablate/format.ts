/** Formats figures. */
import { PAIRS, QUESTIONS } from "./figures.ts";

const isShare = (key: string) => key === PAIRS || key === QUESTIONS;

/** Bits per byte with three decimals, shares in percent with one. */
export function format(key: string, value: number): string {
  return isShare(key) ? (100 * value).toFixed(1) : value.toFixed(3);
}

/** A difference with its sign. */
export function formatDifference(key: string, value: number): string {
  const text = format(key, Math.abs(value));
  return Number(text) === 0 ? `±${text}` : `${value < 0 ? "−" : "+"}${text}`;
}

/** What a figure is called in tables. */
export function titleOf(key: string): string {
  if (key === PAIRS) return "pairs right, %";
  if (key === QUESTIONS) return "questions right, %";
  return `bits per byte, ${key.replace(/^bpb /, "")}`;
}

/** Whether more is better. */
export const isMoreBetter = isShare;
