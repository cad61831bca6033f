/** What a classifier learned from. */
import { z } from "zod";

/** A task's data and how it was split. A classifier's checkpoint stores this, so that the splits can be made again. */
export const SplitOrigin = z.object({
  task: z.string(),
  data: z.string(),
  /** A separate test set. */
  test: z.string().optional(),
  text: z.string(),
  label: z.string(),
  split: z.object({ validation: z.number(), test: z.number() }),
  seed: z.number(),
  /** SHA-256 of each file. */
  hashes: z.record(z.string(), z.string()),
});
export type SplitOrigin = z.infer<typeof SplitOrigin>;
