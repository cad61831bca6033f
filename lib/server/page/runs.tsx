/** The page of runs: its frame, which `runs.js` fills with what the API says. */
import { Frame, type Language, speaker } from "./frame.tsx";
import { runsTexts as texts } from "./runs_texts.ts";

/** Curves in their order; those of figures that no run has are hidden. */
const CHARTS = ["loss", "bpb", "accuracy", "lr", "norm", "tokens_per_s"] as const;

export interface RunsPageOptions {
  readonly locked: boolean;
  /** Whether the server is the studio. */
  readonly studio: boolean;
  readonly language: Language;
}

export function runsPage({ locked, studio, language }: RunsPageOptions) {
  const { t, T } = speaker(texts, language);
  const Chart = ({ id }: { id: (typeof CHARTS)[number] }) => (
    <figure class="chart" id={`chart-${id}`} data-chart={id} hidden>
      <figcaption>
        <h3>
          <T id={`chart_${id}`} />
        </h3>
        {(id === "loss" || id === "accuracy") && (
          <small>
            <T id="chart_both_note" />
          </small>
        )}
        {id === "bpb" && (
          <small>
            <T id="chart_held" />
          </small>
        )}
      </figcaption>
      <div class="plot" tabindex={0} role="group"></div>
      <p class="readout"></p>
    </figure>
  );

  const Axis = ({ by, checked = false }: { by: "step" | "tokens" | "seconds"; checked?: boolean }) => (
    <label>
      <input type="radio" name="by" value={by} checked={checked} />
      <T id={`by_${by}`} />
    </label>
  );

  const Pick = ({ id }: { id: "layer" | "head" }) => (
    <label class="field">
      <span>
        <T id={`growth_${id}`} />
      </span>
      <select id={`growth-${id}`}>
        <option value="0">1</option>
      </select>
    </label>
  );

  return (
    <Frame
      current="/runs"
      language={language}
      texts={texts}
      plainScripts={["uplot"]}
      script="runs"
      styles={["uplot", "views", "runs", "growth"]}
      locked={locked}
      studio={studio}
      skipTo="curves"
    >
      <main class="view">
        <div class="head">
          <h1>
            <T id="view_runs" />
          </h1>
          <span class="status" id="status" role="status">
            <T id="connecting" />
          </span>
        </div>
        <p class="soft">
          <T id="intro" />
        </p>
        <p class="note" id="news" role="status" hidden></p>
        <div class="wide runs" tabindex={0} role="region" aria-label={t.view_runs} data-label="view_runs">
          <table id="runs">
            <thead>
              <tr>
                <th scope="col">
                  <span class="sr">
                    <T id="show" />
                  </span>
                </th>
                {(["run", "state", "step", "loss", "held", "speed", "time"] as const).map((name) => (
                  <th scope="col" key={name}>
                    <T id={`col_${name}`} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody></tbody>
          </table>
          <p class="soft empty" id="none" hidden>
            <T id="none" />
          </p>
        </div>
        <section id="curves" aria-labelledby="curves-title">
          <div class="head">
            <h2 id="curves-title">
              <T id="curves" />
            </h2>
            <fieldset class="choice">
              <legend class="sr">
                <T id="by" />
              </legend>
              <Axis by="step" checked />
              <Axis by="tokens" />
              <Axis by="seconds" />
            </fieldset>
            <label class="check">
              <input type="checkbox" id="log-scale" />
              <T id="by_log" />
            </label>
            <button type="button" class="quiet" id="whole" hidden>
              <T id="whole" />
            </button>
          </div>
          <p class="soft" id="not-told" hidden></p>
          <p class="soft empty" id="no-choice" hidden>
            <T id="no_choice" />
          </p>
          <div class="charts">{CHARTS.map((id) => <Chart key={id} id={id} />)}</div>
          <p class="soft help">
            <T id="curves_help" />
          </p>
        </section>
        <section id="growth" aria-labelledby="growth-title" hidden>
          <h2 id="growth-title">
            <T id="growth" />
          </h2>
          <p class="soft">
            <T id="growth_help" />
          </p>
          <form id="growth-form" class="controls">
            <label class="field">
              <span>
                <T id="growth_run" />
              </span>
              <select id="growth-run"></select>
            </label>
            <label class="field grows">
              <span>
                <T id="growth_prompt" />
              </span>
              <input id="growth-prompt" maxlength={2000} value="Había una vez" lang="es" />
            </label>
            <Pick id="layer" />
            <Pick id="head" />
            <button type="submit" class="primary">
              <T id="growth_ask" />
            </button>
          </form>
          <div class="controls">
            <label class="field grows">
              <span>
                <T id="growth_step" />
                <output id="growth-at"></output>
              </span>
              <input type="range" id="growth-step" min={0} max={0} step={1} value={0} />
            </label>
            <button type="button" id="growth-play">
              <T id="growth_play" />
            </button>
          </div>
          <div id="growth-error" role="alert" hidden></div>
          <div id="growth-seen"></div>
        </section>
        {(["held", "samples", "settings", "origin"] as const).map((id) => (
          <section key={id} id={id} aria-labelledby={`${id}-title`} hidden>
            <h2 id={`${id}-title`}>
              <T id={id} />
            </h2>
            {id !== "settings" && (
              <p class="soft">
                <T id={`${id}_help`} />
              </p>
            )}
            {id === "settings" && (
              <label class="check">
                <input type="checkbox" id="only-different" checked />
                <T id="only_different" />
              </label>
            )}
            <div class="content"></div>
          </section>
        ))}
      </main>
      <p class="sr" id="spoken" aria-live="polite"></p>
    </Frame>
  );
}
