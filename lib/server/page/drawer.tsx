/** The chat's settings, in a drawer beside the conversation. */
import { type Language, speaker } from "./frame.tsx";
import { texts } from "./texts.ts";

interface SliderOptions {
  readonly id: "max_tokens" | "temperature" | "top_k" | "top_p";
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
}

export function Drawer({ language }: { language: Language }) {
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
    <aside class="drawer" id="settings" aria-label={t.settings} data-label="settings" hidden>
      <div class="head">
        <h2>
          <T id="settings" />
        </h2>
        <button type="button" class="quiet" id="close-settings" aria-label={t.close} data-label="close">
          ×
        </button>
      </div>
      <div id="known">
        <label class="check">
          <input type="checkbox" id="faq" checked />
          <T id="use_faq" />
        </label>
        <p>
          <T id="faq_help" />
        </p>
      </div>
      <div id="remembering">
        <label class="check">
          <input type="checkbox" id="history" />
          <T id="history" />
        </label>
        <p>
          <T id="history_help" />
        </p>
      </div>
      <div id="sampling">
        <Slider id="max_tokens" min={1} max={400} step={1} value={120} />
        <Slider id="temperature" min={0} max={2} step={0.05} value={0} />
        <Slider id="top_k" min={0} max={100} step={1} value={0} />
        <Slider id="top_p" min={0.05} max={1} step={0.05} value={1} />
        <label class="field">
          <span>
            <T id="seed" />
          </span>
          <input
            type="number"
            id="seed"
            min="0"
            step="1"
            placeholder={t.seed_drawn}
            data-placeholder="seed_drawn"
          />
        </label>
        <label class="field">
          <span>
            <T id="system" />
          </span>
          <textarea id="system" rows={2}></textarea>
        </label>
      </div>
      <label class="field">
        <span>
          <T id="tint" />
        </span>
        <select id="tint">
          {(["surprise", "rank", "none"] as const).map((scale) => (
            <option key={scale} value={scale} data-text={`tint_${scale}`}>{t[`tint_${scale}`]}</option>
          ))}
        </select>
      </label>
      <button type="button" class="quiet" id="reset">
        <T id="reset" />
      </button>
      <a class="badge" href="/openapi.json">API</a>
    </aside>
  );
}
