/** The page on which a model is taught facts, rendered on the server; `teach.js` brings it to life. */
import type { ListedModel } from "../search.ts";
import { Frame, type Language, speaker } from "./frame.tsx";
import { teachTexts } from "./teach_texts.ts";

export function teachPage(
  { language, models }: { readonly language: Language; readonly models: readonly ListedModel[] },
) {
  const { T } = speaker(teachTexts, language);
  const chat = models.filter(({ kind }) => kind === "chat");
  return (
    <Frame
      current="/teach"
      language={language}
      texts={teachTexts}
      script="teach"
      styles={["studio", "cards"]}
      locked={false}
      studio
      skipTo="facts"
    >
      <main class="studio">
        <form class="sheet" id="teach">
          <h1>
            <T id="teach_title" />
          </h1>
          <p class="help">
            <T id="teach_help" />
          </p>
          {chat.length === 0 && (
            <p class="error">
              <T id="no_models" />
            </p>
          )}
          <label class="field">
            <span>
              <T id="model_label" />
            </span>
            <select id="model">
              {chat.map(({ id }) => <option key={id} value={id}>{id}</option>)}
            </select>
          </label>
          <div id="facts" tabindex={-1}></div>
          <div class="row">
            <button type="button" id="add">
              <T id="add" />
            </button>
            <button type="button" id="show">
              <T id="show" />
            </button>
            <button type="submit" class="primary" id="start" disabled={chat.length === 0}>
              <T id="teach" />
            </button>
          </div>
          <p class="error" id="refused" role="alert"></p>
        </form>
        <section aria-labelledby="lessons-title">
          <h2 id="lessons-title">
            <T id="lessons_title" />
          </h2>
          <p class="error" id="lost" role="alert"></p>
          <ul class="cards" id="lessons"></ul>
          <p id="none" hidden>
            <T id="lessons_none" />
          </p>
        </section>
        <dialog id="undo" aria-labelledby="undo-question">
          <p id="undo-question"></p>
          <form method="dialog" class="row">
            <button type="submit" value="cancel">
              <T id="cancel" />
            </button>
            <button type="submit" value="yes" class="primary">
              <T id="undo_yes" />
            </button>
          </form>
        </dialog>
      </main>
    </Frame>
  );
}
