/** The chat page, rendered on the server; `client.js` brings it to life. */
import type { ListedModel } from "../search.ts";
import { Drawer } from "./drawer.tsx";
import { Frame, type Language, speaker } from "./frame.tsx";
import { texts } from "./texts.ts";
import { CARDS, EXAMPLES } from "./tour.ts";

export interface PageOptions {
  readonly models: readonly ListedModel[];
  /** Whether requests need the server's key. */
  readonly locked: boolean;
  /** Whether the server is the studio. */
  readonly studio: boolean;
  readonly language: Language;
}

type Name = keyof typeof texts.es;

/** The first screen: what the chosen model does, an example of each skill, and a card for each kind of model. */
function Tour({ language }: { language: Language }) {
  const { t, T } = speaker(texts, language);
  return (
    <section class="hello" id="tour">
      <h2>
        <T id="hello" />
      </h2>
      {(["chat", "text", "classifier"] as const).map((kind) => (
        <p key={kind} data-for={kind}>
          <T id={`hello_${kind}`} />
        </p>
      ))}
      <ul class="cards">
        {CARDS.map(({ id, kind, prompt, classifier, temperature }) => (
          <li key={id} class="card" data-kind={kind} data-classifier={classifier}>
            <button
              type="button"
              data-kind={kind}
              data-classifier={classifier}
              data-prompt={prompt}
              data-temperature={temperature}
            >
              <b>
                <T id={`tour_${id}` as Name} />
              </b>
              <span class="prompt" lang="es">{prompt}</span>
              <span class="about">
                <T id={`tour_${id}_about` as Name} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <h3>
        <T id="skills" />
      </h3>
      <ul class="examples">
        {EXAMPLES.map(({ kind, skill, prompt, classifier }) => (
          <li key={prompt} class="example" data-kind={kind} data-skill={skill} data-classifier={classifier}>
            <button type="button" data-kind={kind} data-classifier={classifier} data-prompt={prompt}>
              <span class="skill">
                {`skill_${skill}` in t ? <T id={`skill_${skill}` as Name} /> : skill}
                <span class="score"></span>
              </span>
              <span class="prompt" lang="es">{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function page({ models, locked, studio, language }: PageOptions) {
  const { t, T } = speaker(texts, language);
  return (
    <Frame
      current="/"
      language={language}
      texts={texts}
      script="client"
      styles={["chat", "side", "tour", "turns", "tokens"]}
      config={{ models: models.map(({ id, kind, info }) => ({ id, kind, parameters: info.parameters })) }}
      locked={locked}
      studio={studio}
      skipTo="prompt"
    >
      <aside class="side" id="side" aria-label={t.conversations} data-label="conversations">
        <section class="list">
          <button type="button" id="new" aria-keyshortcuts="Control+Shift+O">
            <span aria-hidden="true">+</span>
            <T id="new_talk" />
            <kbd aria-hidden="true">Ctrl ⇧ O</kbd>
          </button>
          <input
            type="search"
            id="search"
            aria-keyshortcuts="Control+K"
            placeholder={t.search}
            data-placeholder="search"
            aria-label={t.search}
            data-label="search"
            hidden
          />
          <ul class="talks" id="talks"></ul>
          <button type="button" class="quiet" id="more-talks" hidden></button>
          <p id="none-found" hidden>
            <T id="none_found" />
          </p>
          <div class="row">
            <button type="button" class="quiet" id="export">
              <T id="export" />
            </button>
            <button type="button" class="quiet" id="import">
              <T id="import" />
            </button>
            <input type="file" id="import-file" accept="application/json" hidden aria-label="JSON" />
          </div>
        </section>
        <section class="model-card" id="card"></section>
      </aside>
      <main>
        <div class="bar">
          <button
            type="button"
            class="quiet"
            id="open-side"
            aria-controls="side"
            aria-expanded="false"
            aria-label={t.conversations}
            data-label="conversations"
          >
            ☰
          </button>
          <label>
            <span class="sr">
              <T id="model" />
            </span>
            <select id="model">
              {models.map(({ id, kind }) => <option key={id} value={id} data-kind={kind}>{id}</option>)}
            </select>
          </label>
          <span id="model-kind"></span>
          <span class="spread"></span>
          <button
            type="button"
            class="quiet"
            id="open-settings"
            aria-controls="settings"
            aria-expanded="false"
          >
            <T id="settings" />
          </button>
        </div>
        <div
          class="log"
          id="log"
          role="log"
          aria-live="polite"
          tabindex={0}
          aria-label={t.conversation}
          data-label="conversation"
        >
          <Tour language={language} />
        </div>
        <form class="ask" id="ask">
          <button type="button" id="to-end" aria-label={t.to_end} data-label="to_end" hidden>
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
              <path d="M12 5v14M6 13l6 6 6-6" />
            </svg>
          </button>
          <div class="box">
            <label class="sr" for="prompt" id="prompt-label">{t.prompt}</label>
            <textarea id="prompt" rows={1} placeholder={t.prompt} autofocus></textarea>
            <button type="submit" class="primary" id="send">
              <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                <path d="M12 19V5M6 11l6-6 6 6" />
              </svg>
              <T id="send" />
            </button>
            <button type="button" id="stop" hidden>
              <T id="stop" />
            </button>
          </div>
          <div class="hints">
            <span class="keys">
              <T id="keys" />
            </span>
            <div id="legend"></div>
          </div>
        </form>
      </main>
      <Drawer language={language} />
    </Frame>
  );
}
