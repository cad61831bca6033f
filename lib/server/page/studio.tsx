/** The studio's page, rendered on the server: a form for a new training, and the trainings, which `studio.js` draws. */
import { MINUTES, type SizeName, SIZES } from "../../run/text_preset.ts";
import { LONGEST_TEXT } from "../schemas/studio.ts";
import { Frame, type Language, speaker } from "./frame.tsx";
import { studioTexts } from "./studio_texts.ts";

/** Times one click away. */
const TIMES = [1, 5, 15, 60];

export function studioPage({ language }: { readonly language: Language }) {
  const { t, T } = speaker(studioTexts, language);
  return (
    <Frame
      current="/studio"
      language={language}
      texts={studioTexts}
      script="studio"
      styles={["studio", "cards"]}
      config={{ longest: LONGEST_TEXT }}
      locked={false}
      studio
      skipTo="text"
    >
      <main class="studio">
        <form class="sheet" id="new">
          <h1>
            <T id="new_title" />
          </h1>
          <p class="help">
            <T id="new_help" />
          </p>
          <label class="sr" for="text">
            <T id="text_label" />
          </label>
          <textarea
            id="text"
            rows={9}
            required
            placeholder={t.text_placeholder}
            data-placeholder="text_placeholder"
          >
          </textarea>
          <div class="under">
            <input class="sr" type="file" id="files" multiple accept=".txt,.md,text/plain" />
            <label class="button" for="files">
              <T id="choose_files" />
            </label>
            <output id="length" for="text"></output>
          </div>
          <fieldset class="sizes">
            <legend>
              <T id="size_label" />
            </legend>
            {(Object.keys(SIZES) as SizeName[]).map((size) => (
              <label key={size}>
                <input type="radio" name="size" value={size} checked={size === "auto"} />
                <span>
                  <b>
                    <T id={`size_${size}`} />
                  </b>
                  <small>
                    <T id={`size_${size}_help`} />
                  </small>
                </span>
              </label>
            ))}
          </fieldset>
          <div class="fields">
            <label class="field">
              <span>
                <T id="minutes_label" />
              </span>
              <input type="number" id="minutes" min="0.1" max="43200" step="any" value={MINUTES} required />
            </label>
            <div class="row times">
              {TIMES.map((minutes) => (
                <button key={minutes} type="button" data-minutes={minutes}>{`${minutes} min`}</button>
              ))}
            </div>
            <label class="field">
              <span>
                <T id="name_label" />
              </span>
              <input type="text" id="name" maxlength={100} autocomplete="off" />
            </label>
            <button type="submit" class="primary" id="start">
              <T id="start" />
            </button>
          </div>
          <p class="error" id="refused" role="alert"></p>
        </form>
        <section aria-labelledby="trainings-title">
          <h2 id="trainings-title" tabindex={-1}>
            <T id="trainings_title" />
          </h2>
          <p class="help">
            <T id="trainings_help" />
          </p>
          <p class="error" id="lost" role="alert"></p>
          <ul class="cards" id="trainings"></ul>
          <p id="none" hidden>
            <T id="trainings_none" />
          </p>
        </section>
        <dialog id="rename" aria-labelledby="rename-label">
          <form method="dialog">
            <label class="field" for="title">
              <span id="rename-label"></span>
            </label>
            <input type="text" id="title" maxlength={100} autocomplete="off" aria-describedby="rename-help" />
            <p class="help" id="rename-help"></p>
            <div class="row">
              <button type="button" id="rename-cancel">
                <T id="cancel" />
              </button>
              <button type="submit" value="yes" class="primary">
                <T id="rename_save" />
              </button>
            </div>
          </form>
        </dialog>
        <dialog id="delete" aria-labelledby="delete-question" aria-describedby="delete-shipped delete-kept">
          <p id="delete-question"></p>
          <p class="error" id="delete-shipped"></p>
          <p class="help" id="delete-kept"></p>
          <form method="dialog" class="row">
            <button type="submit" value="cancel">
              <T id="cancel" />
            </button>
            <button type="submit" value="yes" class="primary">
              <T id="delete_yes" />
            </button>
          </form>
        </dialog>
      </main>
    </Frame>
  );
}
