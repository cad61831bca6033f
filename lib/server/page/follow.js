// @ts-check
/// <reference lib="dom" />
// Follows the server's events about runs, and keeps the points of their curves.

import { page, request } from "./dom.js";
import { serverEvents } from "./events.js";

/** @typedef {(number | null)[]} Values */
/** @typedef {{ step: number[], tokens: Values, seconds: Values, figures: Record<string, Values> }} Points */
/** @typedef {{ id: string, stage: string | null, state: "starting" | "training" | "finished" | "stopped", step: number, steps: number | null, epoch: number | null, unit: string, parameters: number | null, device: string | null, started: string | null, updated: string | null, loss: number | null, tokens_per_s: number | null, tokens: number | null, seconds: number | null, left: number | null, snapshots: number[], validation: { step: number, figures: Record<string, number> } | null }} Run */
/** @typedef {{ from: number, points: Points } | null} Change */
/** @typedef {{ step: number, text: string }[]} Samples */
/** @typedef {{ run: Run, training: Change, validation: Change, average: Change, seen: Change, samples: Samples | null }} RunChange */
/** A run with its curves. @typedef {{ run: Run, training: Points | null, validation: Points | null, average: Points | null, seen: Points | null, samples: Samples }} Shown */

/** @param {Points | null} before @param {Change} change @returns {Points | null} */
function grown(before, change) {
  if (!change) return before;
  const { from, points } = change;
  if (!before || from === 0) return points;
  const more = points.step.length;
  /** @template T @param {T[]} old @param {T[]} added */
  const joined = (old, added) => [...old.slice(0, from), ...added];
  const names = new Set([...Object.keys(before.figures), ...Object.keys(points.figures)]);
  const unknown = (/** @type {number} */ length) => /** @type {Values} */ (Array(length).fill(null));
  return {
    step: joined(before.step, points.step),
    tokens: joined(before.tokens, points.tokens),
    seconds: joined(before.seconds, points.seconds),
    figures: Object.fromEntries([...names].map((name) => [
      name,
      joined(before.figures[name] ?? unknown(from), points.figures[name] ?? unknown(more)),
    ])),
  };
}

/** @param {Shown | undefined} before @param {RunChange} change @returns {Shown} */
export const changed = (before, { run, training, validation, average, seen, samples }) => ({
  run,
  training: grown(before?.training ?? null, training),
  validation: grown(before?.validation ?? null, validation),
  average: grown(before?.average ?? null, average),
  seen: grown(before?.seen ?? null, seen),
  samples: samples ?? before?.samples ?? [],
});

/** How long to wait before trying again, in milliseconds. */
const WAIT = { first: 1000, most: 15_000 };

/**
 * Follows runs until the signal aborts; reconnects when the connection is lost.
 * @param {{ ids: string[], points: number, signal: AbortSignal }} what
 * @param {{ told: (name: string, data: any) => void, connected: (problem: string | null) => void }} to
 *   `connected` is called with null when the connection works
 */
export async function follow({ ids, points, signal }, { told, connected }) {
  const query = new URLSearchParams([["points", String(points)], ...ids.map((id) => ["run", id])]);
  for (let wait = WAIT.first; !signal.aborted;) {
    let problem = page.texts.offline;
    try {
      for await (
        const { name, data } of serverEvents(await request(`/api/runs/events?${query}`, { signal }))
      ) {
        if (signal.aborted) return;
        connected(null);
        wait = WAIT.first;
        told(name, JSON.parse(data));
      }
    } catch (error) {
      if (error instanceof Error && error.message !== page.texts.unreachable) problem = error.message;
    }
    if (signal.aborted) return;
    connected(problem);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(WAIT.most, 2 * wait);
  }
}
