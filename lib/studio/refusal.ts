import { UserError } from "../errors.ts";

/** A refusal of the studio. Its code lets pages word it in the reader's language. */
export class Refusal extends UserError {
  constructor(
    readonly code:
      | "no_text"
      | "too_short"
      | "busy"
      | "not_running"
      | "finished"
      | "no_preset"
      | "no_question"
      | "not_taught"
      | "shipped",
    message: string,
    /** What it is about, such as a name. */
    readonly about: string | null = null,
  ) {
    super(message);
  }
}
