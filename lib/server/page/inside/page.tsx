/** The page of a model's inside, rendered on the server; `inside/inside.js` brings it to life. */
import type { ListedModel } from "../../search.ts";
import { Frame, type Language, speaker } from "../frame.tsx";
import { insideTexts } from "./texts.ts";

export interface InsidePageOptions {
  readonly models: readonly ListedModel[];
  /** A question to begin with. */
  readonly preset: string;
  /** Whether requests need the server's key. */
  readonly locked: boolean;
  /** Whether the server is the studio. */
  readonly studio: boolean;
  readonly language: Language;
}

/** The views, in the order of their tabs; each has a script of its own. */
const VIEWS = ["attention", "lens", "ablate", "branch", "walk", "compare"] as const;

export function insidePage({ models, preset, locked, studio, language }: InsidePageOptions) {
  const { t, T } = speaker(insideTexts, language);
  const writers = models.filter(({ kind }) => kind !== "classifier");
  const classifiers = models.filter(({ kind }) => kind === "classifier");
  return (
    <Frame
      current="/inside"
      language={language}
      texts={insideTexts}
      script="inside/inside"
      styles={["inside/inside", "inside/attention", "inside/views", "inside/walk"]}
      config={{
        models: writers.map(({ id, kind, info }) => ({ id, kind, parameters: info.parameters })),
        preset,
      }}
      locked={locked}
      studio={studio}
      skipTo="input"
    >
      <main class="inside">
        <h1>
          <T id="title" />
        </h1>
        {writers.length === 0 && (
          <p class="help">
            <T id="none" />
          </p>
        )}
        <details class="fold" open>
          <summary>
            <T id="about_page" />
          </summary>
          <p class="help" hidden={writers.length === 0}>
            <T id="intro" />
          </p>
          <p class="help" id="classifiers" hidden={classifiers.length === 0}>
            <T id="classifiers" /> {classifiers.map(({ id }, i) => (
              <>
                {i > 0 && ", "}
                <a href={`/#${new URLSearchParams({ model: id })}`}>{id}</a>
              </>
            ))}
          </p>
        </details>
        <form id="look" hidden={writers.length === 0}>
          <label class="field">
            <T id="model" />
            <select id="model">
              {writers.map(({ id }) => <option key={id} value={id}>{id}</option>)}
            </select>
          </label>
          <label class="field">
            <span id="input-name">{t.question}</span>
            <textarea id="input" rows={1} maxlength={100_000}></textarea>
          </label>
          <button type="submit" class="primary">
            <T id="look" />
          </button>
        </form>
        <div id="opened" hidden>
          <section aria-labelledby="tokens-title">
            <h2 id="tokens-title">
              <T id="tokens" />
            </h2>
            <div id="strip"></div>
            <p class="help" id="chosen" aria-live="polite"></p>
            <details class="fold" open>
              <summary>
                <T id="about_tokens" />
              </summary>
              <p class="help">
                <T id="tokens_help" />
              </p>
            </details>
            <p class="error" id="cut" hidden>
              <T id="tokens_cut" />
            </p>
          </section>
          <div role="tablist" id="tabs" aria-label={t.views} data-label="views">
            {VIEWS.map((name, i) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`tab-${name}`}
                aria-controls={`panel-${name}`}
                aria-selected={i === 0 ? "true" : "false"}
                tabindex={i === 0 ? 0 : -1}
              >
                <T id={`view_${name}`} />
              </button>
            ))}
          </div>
          {VIEWS.map((name, i) => (
            <section
              key={name}
              role="tabpanel"
              id={`panel-${name}`}
              aria-labelledby={`tab-${name}`}
              hidden={i > 0}
            >
              <details class="fold" open>
                <summary>
                  <T id="about_view" />
                </summary>
                <p class="help">
                  <T id={`${name}_help`} />
                </p>
              </details>
              <div class="body"></div>
            </section>
          ))}
        </div>
        <div id="problem" role="alert" hidden></div>
      </main>
    </Frame>
  );
}
