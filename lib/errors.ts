/**
 * An error the user can cause and mend: one line that says what is wrong, where, and what to do.
 * Entry points print it without a stack trace and exit with code 2.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number = 2;
}

/** What was made is sound, but falls short of what the preset demands of it. */
export class ThresholdError extends UserError {
  override readonly exitCode = 1;
}

/** A training whose loss ran away, or is no number any more: its settings do not work. */
export class DivergenceError extends UserError {}

/** The message of anything thrown, on one line. */
export function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
}

/**
 * Runs a program's body; errors the user can mend end it with one line and exit code 2, figures that fall
 * short of a preset's thresholds with exit code 1.
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
