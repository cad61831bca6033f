/** Reports as pages that need nothing else: no script, no request. */
import { html, raw } from "hono/html";

export type Html = ReturnType<typeof html>;

export interface Picture {
  readonly title: string;
  readonly svg: string;
}

/** An SVG as an image of its own: pictures on one page would otherwise share the names inside them. */
export const image = ({ title, svg }: Picture): Html =>
  html`<img alt="${title}" src="data:image/svg+xml;base64,${new TextEncoder().encode(svg).toBase64()}">`;

/** Rows of cells; the first of each row names it. */
export function table(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`
    <div class="wide">
      <table>
        <thead>
          <tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>
        </thead>
        <tbody>${rows.map(([first, ...rest]) =>
          html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d5dae0, #3a4149); --soft: light-dark(#f4f6f8, #20252b); }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 70rem;
         background: light-dark(#fff, #15191d); color: light-dark(#1a1f24, #e4e8ec); }
  h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
  .wide { overflow-x: auto; margin: 1rem 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
  td { white-space: pre-wrap; overflow-wrap: anywhere; } thead th, tbody th { background: var(--soft); font-weight: 600; }
  .text { white-space: pre-wrap; max-width: 42rem; }
  img { max-width: 100%; height: auto; margin: .5rem .5rem .5rem 0; border: 1px solid var(--line); border-radius: 6px; }
  .short { border-left: 4px solid #c0392b; padding: .2rem 1rem; background: var(--soft); }
  .good { border-left: 4px solid #2e8b57; padding: .2rem 1rem; background: var(--soft); }
  summary { cursor: pointer; margin: .5rem 0; }`;

/** A whole document under a title. */
export function page(title: string, body: Html): string {
  return String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
    <h1>${title}</h1>
    ${body}
      </body>
    </html>
  `);
}
