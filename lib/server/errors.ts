/** Errors for clients, in OpenAI's format. */
import { z } from "@hono/zod-openapi";
import { UserError } from "../errors.ts";

type Status = 400 | 401 | 404 | 405 | 408 | 413 | 429 | 500 | 503 | 504;

export const ErrorBody = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.enum(["authentication_error", "rate_limit_error", "server_error", "invalid_request_error"]),
    param: z.string().nullable().describe("The parameter at fault."),
    code: z.string().nullable(),
  }),
}).openapi("Error");
export type ErrorBody = z.infer<typeof ErrorBody>;

export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: Status,
    message: string,
    readonly param: string | null = null,
    readonly code: string | null = null,
  ) {
    super(message);
  }

  body(): ErrorBody {
    const type = this.status === 401
      ? "authentication_error"
      : this.status === 429
      ? "rate_limit_error"
      : this.status >= 500
      ? "server_error"
      : "invalid_request_error";
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

/** The error that a client is sent. Errors that are not the client's fault are also written to the server's log. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  console.error(error instanceof UserError ? error.message : error);
  return new ApiError(500, "the server failed; its log says why");
}

type Issue = z.core.$ZodIssue;

/** For a union, the issue of the alternative that the value came closest to. */
function closest(issue: Issue): Issue {
  if (issue.code !== "invalid_union" || issue.message !== "Invalid input") return issue;
  const inner = issue.errors.flatMap(([first]) => {
    return first ? [closest({ ...first, path: [...issue.path, ...first.path] } as Issue)] : [];
  });
  const depth = Math.max(issue.path.length, ...inner.map(({ path }) => path.length));
  const deepest = inner.filter(({ path }) => path.length === depth && depth > issue.path.length);
  return deepest.length > 0 ? deepest[0] : issue;
}

/** The error for a request that its schema does not allow. */
export function schemaRefusal(error: z.core.$ZodError): ApiError {
  const issue = closest(error.issues[0]);
  if (issue.code === "unrecognized_keys") {
    const param = [...issue.path, issue.keys[0]].join(".");
    return new ApiError(400, `${param}: there is no such parameter`, param, "unknown_parameter");
  }
  const param = issue.path.join(".") || null;
  return new ApiError(
    400,
    param ? `${param}: ${issue.message}` : issue.message,
    param,
    "invalid_value",
  );
}
