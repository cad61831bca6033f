/**
 * Reports as self-contained pages that request nothing, in English and Spanish. They open in the language of the
 * reader's browser, with a switch for the other one; without scripts they open in English.
 */
import { html, raw } from "hono/html";

export type Html = ReturnType<typeof html>;

/** A text in both languages. */
export interface Both {
  readonly en: string;
  readonly es: string;
}

/** A picture with labels, once in each language. */
export interface Picture {
  readonly title: Both;
  readonly svg: Both;
}

/** Draws a picture once per language; `draw` gets a function that picks a text in the current language. */
export function picture(title: Both, draw: (word: (text: Both) => string) => string): Picture {
  return { title, svg: { en: draw(({ en }) => en), es: draw(({ es }) => es) } };
}

/** Numbers such as 1,234.5 that stand by themselves, not as a part of a name. */
const NUMBERS =
  /(?<=^|[\s(]|(?:^|\s)[-−])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?=$|[\s;:)]|[,.](?:\s|$))/g;

/** A text whose numbers are written as in Spanish: 1.234,5. */
export const withSpanishNumbers = (text: string): string =>
  text.replace(NUMBERS, (number) => number.replace(/[.,]/g, (mark) => mark === "." ? "," : "."));

/** A text in both languages; the page shows one of them. Its numbers are given as in English in both. */
export const say = (en: string | Html, es: string | Html): Html =>
  html`<span lang="en">${en}</span><span lang="es">${
    typeof es === "string" ? withSpanishNumbers(es) : es
  }</span>`;

/** A number, given as in English; any other text stays as it is. */
export const numeral = (text: string): string | Html =>
  /^[-−]?[\d.,]+(?: %)?$/.test(text) && withSpanishNumbers(text) !== text ? say(text, text) : text;

/** Bars that show how much of something is left after each step. */
export function funnel(
  rows: readonly { readonly name: string | Html; readonly left: number; readonly note: string | Html }[],
): Html {
  const most = Math.max(1, ...rows.map(({ left }) => left));
  return html`<ol class="funnel">${
    rows.map(({ name, left, note }) =>
      html`<li><span>${name}</span><span class="bar"><span style="width: ${
        (100 * left / most).toFixed(2)
      }%"></span></span><span>${note}</span></li>`
    )
  }</ol>`;
}

/** Embeds SVGs as separate images; inline on one page, the names inside them would collide. */
export const image = ({ title, svg }: Picture): Html =>
  html`${
    (["en", "es"] as const).map((language) =>
      html`<img lang="${language}" alt="${title[language]}" src="data:image/svg+xml;base64,${
        new TextEncoder().encode(svg[language]).toBase64()
      }">`
    )
  }`;

/**
 * A table; the first cell of each row is its heading. Cells that are numbers are written in both languages. Where it is
 * wider than the screen it scrolls, by keyboard too.
 */
export function table(head: readonly (string | Html)[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`
    <div class="wide" tabindex="0">
      <table>
        <thead>
          <tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>
        </thead>
        <tbody>${rows.map(([first, ...rest]) =>
          html`<tr><th scope="row">${first}</th>${
            rest.map((cell) => html`<td>${typeof cell === "string" ? numeral(cell) : cell}</td>`)
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

const STYLE = `
  :root { color-scheme: light dark; --paper: light-dark(#fbfaf7, #14171a); --panel: light-dark(#f2efe8, #1c1f24);
          --ink: light-dark(#22262a, #e7e5df); --soft: light-dark(#65696d, #a0a49f); --line: light-dark(#ddd8cd, #31363b);
          --accent: light-dark(#0b6e4f, #5cc79d); --warn: light-dark(#9c2f1f, #ff9b8a); }
  body { font: 15px/1.55 ui-sans-serif, system-ui, "Segoe UI", sans-serif; margin: 1.5rem auto 4rem; padding: 0 1rem;
         max-width: 70rem; background: var(--paper); color: var(--ink); }
  h1 { margin: 0; letter-spacing: -.02em; line-height: 1.2; } h2 { margin: 2.5rem 0 .5rem; } h3 { margin-bottom: .3rem; }
  p { max-width: 46rem; } .soft { color: var(--soft); }
  body:has(#in-es:checked) [lang=en], body:not(:has(#in-es:checked)) [lang=es] { display: none; }
  .languages { display: flex; gap: 1rem; justify-content: flex-end; border: 0; margin: 0; padding: 0; font-size: .875rem; }
  .languages input { accent-color: var(--accent); }
  .wide { overflow-x: auto; margin: 1rem 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { border-bottom: 1px solid var(--line); padding: .35rem .8rem .35rem 0; text-align: left; vertical-align: top; }
  td { white-space: pre-wrap; overflow-wrap: anywhere; } tbody th { font-weight: 400; color: var(--soft); }
  td.best { font-weight: 700; color: var(--accent); }
  .text { white-space: pre-wrap; max-width: 42rem; }
  img { max-width: 100%; height: auto; margin: .5rem .5rem .5rem 0; border: 1px solid var(--line); border-radius: 8px; }
  @media (prefers-color-scheme: dark) { img { filter: invert(.91) hue-rotate(180deg); border-color: #ccc; } }
  .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem; margin: 1.2rem 0;
           padding: 0; list-style: none; }
  .cards li { background: var(--panel); border: 1px solid var(--line); border-radius: .8rem; padding: .8rem 1rem; }
  .cards b { display: block; } .cards strong { display: block; font-size: 1.5rem; line-height: 1.25; color: var(--accent); }
  .funnel { list-style: none; padding: 0; display: grid; gap: .35rem; max-width: 56rem; }
  .funnel li { display: grid; grid-template-columns: 14rem 1fr 15rem; gap: .8rem; align-items: center; }
  .funnel .bar { background: var(--panel); border-radius: .3rem; } .funnel .bar span { display: block; height: 1.2rem;
                 min-width: 2px; border-radius: .3rem; background: var(--accent); }
  .short, .good { border-left: .3rem solid var(--accent); padding: .2rem 1rem; background: var(--panel); }
  .short { border-color: var(--warn); }
  summary { cursor: pointer; margin: .5rem 0; }
  @media (max-width: 45rem) { .funnel li { grid-template-columns: 1fr; gap: .1rem; margin-bottom: .6rem; } }`;

/** Switches to Spanish if the browser prefers it, and keeps the document's language and title in step. */
const SCRIPT = `
  const spanish = document.getElementById("in-es");
  function follow() {
    const language = spanish.checked ? "es" : "en";
    document.documentElement.lang = language;
    document.title = document.querySelector("h1 [lang=" + language + "]").textContent;
  }
  spanish.checked = /^es\\b/i.test(navigator.language);
  document.querySelector(".languages").addEventListener("change", follow);
  follow();`;

/** A whole HTML document, with a title in both languages. */
export function page({ en, es }: Both, body: Html): string {
  return String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${en}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
    <fieldset class="languages">
      <label><input type="radio" name="language" id="in-en" autocomplete="off" checked> English</label>
      <label><input type="radio" name="language" id="in-es" autocomplete="off"> Español</label>
    </fieldset>
    <h1>${say(en, es)}</h1>
    <script>${raw(SCRIPT)}</script>
    ${body}
      </body>
    </html>
  `);
}
