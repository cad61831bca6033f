/**
 * An error that the user can cause and fix: one line that says what is wrong, where, and what to do.
 * Entry points print it without a stack trace and exit with code 2.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number = 2;
}

/** The result is valid, but falls short of thresholds in the preset. */
export class ThresholdError extends UserError {
  override readonly exitCode = 1;
}

/** A training whose loss diverged, or is not a finite number any more: its settings do not work. */
export class DivergenceError extends UserError {}

/** The message of any thrown value, on one line. */
export function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
}

/**
 * Runs a program's body. An error that the user can fix ends the program with one line and exit code 2; figures that
 * fall short of a preset's thresholds, with exit code 1.
 */
export async function exitOnUserError(body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${describe(error)}`);
    Deno.exit(error.exitCode);
  }
}
