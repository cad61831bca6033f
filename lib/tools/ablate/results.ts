/** The results of ablations so far: `models/<name>/ablations/results.json`, rewritten after each run. */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { exists, readText, writeFileAtomic } from "../../files.ts";

const Calibration = z.object({
  /** The variant that was timed; variants with the same speed share the result. */
  variant: z.string(),
  /** Milliseconds per step of the base and of the variant: medians over rounds. */
  base_ms: z.number().positive(),
  ms: z.number().positive(),
  /** The variant's step time divided by the base's in the same round: median, lowest and highest. */
  ratio: z.number().positive(),
  lowest: z.number().positive(),
  highest: z.number().positive(),
  rounds: z.number(),
  made: z.string(),
});
export type Calibration = z.infer<typeof Calibration>;

const Run = z.object({
  variant: z.string(),
  seed: z.number(),
  /** The whole preset, with defaults, steps and seed. */
  preset: z.record(z.string(), z.unknown()),
  /** The settings of the tests that it was measured with. */
  tests: z.record(z.string(), z.unknown()),
  steps: z.number(),
  parameters: z.number(),
  /** Seconds of each training stage. */
  seconds: z.record(z.string(), z.number()),
  /** Figures by key; null if training diverged. */
  figures: z.record(z.string(), z.number()).nullable(),
  /** The share of right answers for each family of questions. */
  families: z.record(z.string(), z.number()).optional(),
  /** The largest share of `<unk>` among a text's tokens; it costs few bits, so bits per byte look better with it. */
  unknown: z.number().optional(),
  /** Why training broke off. */
  diverged: z.string().optional(),
  /** Hashes of the texts that it learned from, of the training code, and of the tests. */
  data: z.string(),
  code: z.string(),
  test_hash: z.string(),
  made: z.string(),
});
export type Run = z.infer<typeof Run>;

const ResultsFile = z.object({
  calibrations: z.record(z.string(), Calibration),
  runs: z.array(Run),
});

export class Results {
  readonly path: string;
  readonly #content: z.infer<typeof ResultsFile>;

  private constructor(path: string, content: z.infer<typeof ResultsFile>) {
    this.path = path;
    this.#content = content;
  }

  /**
   * Reads the results of a file; there are none if the file does not exist.
   * @throws {UserError} if it is damaged
   */
  static async open(path: string): Promise<Results> {
    if (!await exists(path)) return new Results(path, { calibrations: {}, runs: [] });
    const text = await readText(path, "remove it to start anew");
    try {
      return new Results(path, ResultsFile.parse(JSON.parse(text)));
    } catch {
      throw new UserError(`${path} is damaged; restore it, or remove it to start anew`);
    }
  }

  get runs(): readonly Run[] {
    return this.#content.runs;
  }

  calibration(key: string): Calibration | null {
    return this.#content.calibrations[key] ?? null;
  }

  async calibrate(key: string, calibration: Calibration): Promise<void> {
    this.#content.calibrations[key] = calibration;
    await this.#write();
  }

  run(variant: string, seed: number): Run | null {
    return this.runs.find((run) => run.variant === variant && run.seed === seed) ?? null;
  }

  /** Adds a run, replacing an earlier one of the same variant and seed. */
  async add(run: Run): Promise<void> {
    const { runs } = this.#content;
    const at = runs.findIndex(({ variant, seed }) => variant === run.variant && seed === run.seed);
    runs.splice(at < 0 ? runs.length : at, 1, run);
    await this.#write();
  }

  #write(): Promise<void> {
    return writeFileAtomic(this.path, JSON.stringify(this.#content, null, 1) + "\n");
  }
}
