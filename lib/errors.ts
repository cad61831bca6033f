/**
 * An error the user can cause and mend: one line that says what is wrong, where, and what to do.
 * Entry points print it without a stack trace and exit with code 2.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The message of anything thrown, on one line. */
export function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
}
