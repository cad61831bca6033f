/** What the pages share: the document around them, and texts in Spanish and English. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";

/** What a page says, by name. */
type Texts = Readonly<Record<string, string>>;

/** JSON inside a page: `<` could end the element it stands in. */
const embedded = (value: unknown) => raw(JSON.stringify(value).replaceAll("<", "\\u003c"));

/** Makes the element for a text in Spanish, which the page's script replaces if the reader chose English. */
export const textIn = <K extends string>(es: Readonly<Record<K, string>>) => ({ id }: { id: K }) => (
  <span data-text={id}>{es[id]}</span>
);

export interface FrameOptions {
  readonly title: string;
  /** Style sheets and scripts of `/assets/`, without their endings; modules come last. */
  readonly styles: readonly string[];
  readonly plainScripts?: readonly string[];
  readonly script: string;
  /** What the scripts are told, beside the page's texts. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly texts: { readonly es: Texts; readonly en: Texts };
  readonly children?: Child;
}

/** A whole document; `children` is its body. */
export const Frame = (
  { title, styles, plainScripts = [], script, config, texts, children }: FrameOptions,
) => (
  <>
    {raw("<!doctype html>")}
    <html lang="es">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        {styles.map((name) => <link key={name} rel="stylesheet" href={`/assets/${name}.css`} />)}
        <link
          rel="icon"
          href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' r='11' fill='none' stroke='%230b6e4f' stroke-width='6'/%3E%3C/svg%3E"
        />
        <script type="application/json" id="config">
          {embedded({
            ...config,
            texts,
          })}
        </script>
        {plainScripts.map((name) => <script key={name} defer src={`/assets/${name}.js`}></script>)}
        <script type="module" src={`/assets/${script}.js`}></script>
      </head>
      <body>{children}</body>
    </html>
  </>
);
