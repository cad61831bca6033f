/**
 * The frame of every page: its head, and the navigation above it, rendered in the reader's language. `frame.js` makes
 * the navigation work. Each page has its own texts and script.
 *
 * A page is a route that answers with `<Frame …>`, and a line in `VIEWS`.
 */
import type { Context } from "hono";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { parseAccept } from "hono/utils/accept";
import { frameTexts } from "./frame_texts.ts";

export type Language = "es" | "en";
/** The texts of a page, with the same names in both languages. */
export type Texts<K extends string = string> = Readonly<Record<Language, Readonly<Record<K, string>>>>;

/** Pages that the navigation leads to, some of them in the studio only; `text` is the name of a text of the frame's. */
export const VIEWS = [
  { path: "/", text: "view_chat" },
  { path: "/inside", text: "view_inside" },
  { path: "/runs", text: "view_runs" },
  { path: "/studio", text: "view_studio", studio: true },
  { path: "/teach", text: "view_teach", studio: true },
] as const;

/** The first of the browser's languages that the page has; English if it has none of them. */
export function languageOf(c: Context): Language {
  c.header("Vary", "Accept-Language");
  const header = c.req.header("Accept-Language");
  if (header === undefined) return "es";
  const wanted = parseAccept(header).map(({ type }) => type.slice(0, 2).toLowerCase());
  return wanted.find((language) => language === "es" || language === "en") as Language ?? "en";
}

/** JSON to embed in a page; `<` is escaped, as it could end the element around it. */
const embedded = (value: unknown) => raw(JSON.stringify(value).replaceAll("<", "\\u003c"));

/**
 * The texts of a page and the frame in one language, and an element that shows one of them; the script replaces its
 * text when the reader switches the language.
 */
export function speaker<K extends string>(texts: Texts<K>, language: Language) {
  const t: Readonly<Record<K | keyof typeof frameTexts.es, string>> = {
    ...frameTexts[language],
    ...texts[language],
  };
  return { t, T: ({ id }: { id: keyof typeof t }) => <span data-text={id}>{t[id]}</span> };
}

export interface FrameOptions {
  /** The path of the page in `VIEWS`; it is the name of its class, too: `view-chat` of `/`. */
  readonly current: typeof VIEWS[number]["path"];
  readonly language: Language;
  /** The page's own texts, which its script finds in `page.texts`, with the frame's. */
  readonly texts: Texts;
  /** The name of its script below `/assets/`, a module, which calls `start()` of `frame.js`. */
  readonly script: string;
  /** Names of scripts that are not modules, such as libraries. */
  readonly plainScripts?: readonly string[];
  /** The names of its style sheets, besides `base` and `frame`. */
  readonly styles: readonly string[];
  /** Further values for its script in `config` of `dom.js`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Whether requests need the server's key, for which the navigation then has a field. */
  readonly locked: boolean;
  /** Whether the server is the studio, which has more pages; false by default. */
  readonly studio?: boolean;
  /** The id of the element that the link to skip the navigation leads to. */
  readonly skipTo: string;
  readonly children?: Child;
}

const ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3C" +
  "circle cx='16' cy='16' r='11' fill='none' stroke='%230b6e4f' stroke-width='6'/%3E%3C/svg%3E";

export function Frame(options: FrameOptions) {
  const { current, language, texts, script, plainScripts = [], styles } = options;
  const { config, locked, studio = false, skipTo, children } = options;
  const { t, T } = speaker(texts, language);
  const view = VIEWS.find(({ path }) => path === current)!.text;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang={language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{`${t[view]} · Desde Cero`}</title>
          {["base", "frame", ...styles].map((name) => (
            <link key={name} rel="stylesheet" href={`/assets/${name}.css`} />
          ))}
          <link rel="icon" href={ICON} />
          <script type="application/json" id="config">
            {embedded({
              ...config,
              views: VIEWS.map(({ path }) => path),
              texts: {
                es: { ...frameTexts.es, ...texts.es },
                en: { ...frameTexts.en, ...texts.en },
              },
            })}
          </script>
          {plainScripts.map((name) => <script key={name} defer src={`/assets/${name}.js`}></script>)}
          <script type="module" src={`/assets/${script}.js`}></script>
        </head>
        <body class={view.replace("_", "-")}>
          <a class="skip" href={`#${skipTo}`}>
            <T id="skip" />
          </a>
          <header class="frame">
            <a class="brand" href="/">
              <span class="sr">Desde Cero</span>
              <span aria-hidden="true">Desde Cer</span>
              <svg viewBox="0 0 20 20" aria-hidden="true">
                <circle cx="10" cy="10" r="7" />
              </svg>
            </a>
            <nav aria-label={t.views} data-label="views">
              {VIEWS.filter((view) => studio || !("studio" in view)).map(({ path, text }) => (
                <a key={path} href={path} aria-current={path === current ? "page" : undefined}>
                  <T id={text} />
                </a>
              ))}
            </nav>
            {locked && (
              <input
                type="password"
                id="key"
                autocomplete="off"
                aria-label={t.key}
                data-label="key"
                placeholder={t.key}
                data-placeholder="key"
              />
            )}
            <button type="button" class="quiet" id="language" lang={language === "es" ? "en" : "es"}>
              {t.other_language}
            </button>
          </header>
          {children}
          <div class="toast" id="toast" role="status" aria-live="polite"></div>
        </body>
      </html>
    </>
  );
}
