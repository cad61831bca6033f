/** Protects the studio: only a browser opened by the URL with the token may use it, and clients that send the token. */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { Studio } from "../studio/studio.ts";
import { ApiError } from "./errors.ts";
import { closedPage } from "./page/closed.tsx";
import { languageOf } from "./page/frame.tsx";

/** Guarded paths, including everything below them. */
export const GUARDED = ["/studio", "/teach", "/api/studio"];

export function studioGuard(studio: Studio): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.query("token");
    if (given !== undefined && c.req.method === "GET" && studio.knows(given)) {
      // Replace the token in the URL by a cookie, so that neither other pages nor the history see it.
      setCookie(c, studio.cookie, studio.token, { httpOnly: true, sameSite: "Strict", path: "/" });
      return c.redirect(c.req.path, 303);
    }
    if (studio.knows(getCookie(c, studio.cookie) ?? bearer(c))) return await next();
    if (c.req.path.startsWith("/api/")) {
      throw new ApiError(401, "open the address that deno task studio prints", null, "invalid_token");
    }
    return c.html(closedPage(languageOf(c)), 401);
  };
}

const bearer = (c: Context): string => /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
