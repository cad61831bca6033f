/** The chat page, rendered on the server; `client.js` brings it to life. */
import type { ListedModel } from "../search.ts";
import { Frame, type Language, speaker } from "./frame.tsx";
import { texts } from "./texts.ts";

export interface PageOptions {
  readonly models: readonly ListedModel[];
  /** Questions one click away. */
  readonly presets: readonly string[];
  /** Whether requests need the server's key. */
  readonly locked: boolean;
  readonly language: Language;
}

interface SliderOptions {
  readonly id: "max_tokens" | "temperature" | "top_k" | "top_p";
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
}

export function page({ models, presets, locked, language }: PageOptions) {
  const { t, T } = speaker(texts, language);
  const Slider = ({ id, min, max, step, value }: SliderOptions) => (
    <label class="field">
      <span>
        <T id={id} />
        <output for={id}>{value}</output>
      </span>
      <input type="range" id={id} min={min} max={max} step={step} value={value} />
    </label>
  );
  return (
    <Frame
      current="/"
      language={language}
      texts={texts}
      script="client"
      styles={["chat", "side", "turns", "trace"]}
      config={{
        models: models.map(({ id, kind, info }) => ({ id, kind, parameters: info.parameters })),
        presets,
      }}
      locked={locked}
      skipTo="prompt"
    >
      <aside class="side" id="side" aria-label={t.options} data-label="options">
        <section>
          <h2>
            <T id="conversations" />
          </h2>
          <ul class="talks" id="talks"></ul>
          <div class="row">
            <button type="button" id="new">
              <T id="new_talk" />
            </button>
            <button type="button" class="quiet" id="export">
              <T id="export" />
            </button>
            <button type="button" class="quiet" id="import">
              <T id="import" />
            </button>
            <input type="file" id="import-file" accept="application/json" hidden aria-label="JSON" />
          </div>
        </section>
        <section>
          <h2>
            <T id="model" />
          </h2>
          <label class="field">
            <span class="sr">
              <T id="model" />
            </span>
            <select id="model">
              {models.map(({ id, kind }) => <option key={id} value={id} data-kind={kind}>{id}</option>)}
            </select>
          </label>
          <p id="model-kind"></p>
        </section>
        <section id="sampling">
          <h2>
            <T id="answers" />
          </h2>
          <label class="check">
            <input type="checkbox" id="faq" checked />
            <T id="use_faq" />
          </label>
          <p>
            <T id="faq_help" />
          </p>
          <div id="remembering">
            <label class="check">
              <input type="checkbox" id="history" />
              <T id="history" />
            </label>
            <p>
              <T id="history_help" />
            </p>
          </div>
          <Slider id="max_tokens" min={1} max={400} step={1} value={120} />
          <Slider id="temperature" min={0} max={2} step={0.05} value={0} />
          <Slider id="top_k" min={0} max={100} step={1} value={0} />
          <Slider id="top_p" min={0.05} max={1} step={0.05} value={1} />
          <label class="field">
            <span>
              <T id="seed" />
            </span>
            <input type="number" id="seed" min="0" step="1" placeholder="—" />
          </label>
          <label class="field">
            <span>
              <T id="system" />
            </span>
            <textarea id="system" rows={2}></textarea>
          </label>
          <button type="button" class="quiet" id="reset">
            <T id="reset" />
          </button>
        </section>
        <section class="row">
          <a class="badge" href="/openapi.json">API</a>
        </section>
      </aside>
      <main>
        <div class="bar">
          <button
            type="button"
            id="open-side"
            aria-controls="side"
            aria-expanded="false"
            data-label="options"
          >
            ☰
          </button>
          <code id="current"></code>
          <span class="spread"></span>
          <button type="button" class="quiet" id="regenerate" disabled>
            <T id="regenerate" />
          </button>
        </div>
        <div class="log" id="log" role="log" aria-live="polite" tabindex={0} data-label="conversation">
        </div>
        <form class="ask" id="ask">
          <div class="box">
            <label class="sr" for="prompt">
              <T id="prompt" />
            </label>
            <textarea
              id="prompt"
              rows={1}
              placeholder={t.prompt}
              data-placeholder="prompt"
              autofocus
            >
            </textarea>
            <button type="submit" class="primary" id="send">
              <T id="send" />
            </button>
            <button type="button" id="stop" hidden>
              <T id="stop" />
            </button>
          </div>
        </form>
      </main>
    </Frame>
  );
}
