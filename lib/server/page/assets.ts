/** Scripts and style sheets of the pages, served under `/assets/`. */
import type { OpenAPIHono } from "@hono/zod-openapi";

/** Serves texts by their names, without the endings. */
export function serveAssets(
  app: OpenAPIHono,
  { scripts, styles }: {
    readonly scripts: Readonly<Record<string, string>>;
    readonly styles: Readonly<Record<string, string>>;
  },
): void {
  for (
    const [bodies, ending, type] of [[scripts, "js", "text/javascript"], [styles, "css", "text/css"]] as const
  ) {
    for (const [name, body] of Object.entries(bodies)) {
      app.get(
        `/assets/${name}.${ending}`,
        (c) => c.body(body, 200, { "content-type": `${type}; charset=utf-8` }),
      );
    }
  }
}
