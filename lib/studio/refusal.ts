import { UserError } from "../errors.ts";

/** Why the studio does not do what it was asked for, by a code from which pages word it in their own language. */
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
