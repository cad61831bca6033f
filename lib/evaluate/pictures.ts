/** Pictures for the evaluation's report: attention, and training curves. */
import { dirname, join } from "@std/path";
import type { Device } from "../device/device.ts";
import { promptTokens } from "../generate/answer.ts";
import { attentionWeights } from "../model/attention_weights.ts";
import { type Both, type Picture, picture } from "../page.ts";
import { plotCurves, plotMatrix } from "../plot.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type MetricsLine, parseMetrics } from "../train/metrics.ts";
import { openDecoder } from "../checkpoint/open_model.ts";

/** The most tokens in a picture of attention. */
const PICTURED = 40;

/** A picture of every head in the last layer: how much each token of a text attends to the tokens before it. */
export async function attentionPictures(
  device: Device,
  checkpoint: Checkpoint,
  text: string,
): Promise<Picture[]> {
  const { config, tokenizer, info } = checkpoint;
  const model = openDecoder(device, checkpoint);
  const ids =
    (info.format === "chat"
      ? promptTokens(tokenizer, config.context, text)
      : Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(text)).subarray(0, config.context)).slice(
        0,
        PICTURED,
      );
  const every = Array.from({ length: config.heads }, (_, head) => head);
  const last = await attentionWeights(model, ids, config.layers - 1, every);
  const labels = [...ids].map((id) => visible(tokenizer, id));
  const n = ids.length;
  return last.map((weights, head) => {
    const title = {
      en: `layer ${config.layers}, head ${head + 1}`,
      es: `capa ${config.layers}, cabeza ${head + 1}`,
    };
    const cell = (row: number, column: number) => {
      if (column > row) return undefined;
      return Number(weights[row * n + column].toFixed(3));
    };
    const values = Array.from(
      { length: n },
      (_, row) => Array.from({ length: n }, (_, column) => cell(row, column)),
    );
    const axis = { name: "", labels };
    return picture(
      title,
      (word) => plotMatrix({ title: word(title), rows: axis, columns: axis, values, cell: 12 }),
    );
  });
}

const visible = (tokenizer: Tokenizer, id: number) =>
  tokenizer.label(id).replace(/^ $/, "␣").replace(/^\n$/, "⏎");

/** The units of losses in stages that do not count nats per token. */
const UNITS: Readonly<Record<string, Both>> = {
  "finetune-classify": { en: "nats per text", es: "nats por texto" },
  "finetune-preference": { en: "nats per pair", es: "nats por par" },
};

/** The curves for which a training may have recorded figures, in drawing order. */
const CURVES = [
  { part: "training", name: { en: "train", es: "entrenamiento" } },
  { part: "validation", name: { en: "validation", es: "validación" } },
  { part: "average", name: { en: "validation, averaged weights", es: "validación, pesos promediados" } },
] as const;

type Part = (typeof CURVES)[number]["part"];

/** A figure over the steps. For training, the loss is the batches'; other figures are measured on some of the data. */
function pointsOf(
  lines: readonly MetricsLine[],
  part: Part,
  figure: "loss" | "accuracy",
): [number, number][] {
  return lines.flatMap((line) => {
    const figures: Readonly<Record<string, unknown>> | undefined = part !== "training"
      ? line[part]
      : figure === "loss"
      ? line
      : line.seen;
    const value = figures?.[figure];
    return typeof value === "number" ? [[line.step, value]] : [];
  });
}

/** Curves of the trainings that made the checkpoints: the loss, and a classifier's accuracy. */
export async function curvesOf(
  checkpoints: readonly { readonly name: string; readonly folder: string; readonly stage: string }[],
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const { name, folder, stage } of checkpoints) {
    // There are no lines if training left no such file.
    const lines = parseMetrics(
      await Deno.readTextFile(join(dirname(folder), "metrics.jsonl")).catch(() => ""),
    );
    const loss = UNITS[stage] ?? { en: "nats per token", es: "nats por token" };
    const figures = [
      { figure: "loss", title: { en: `${name}: loss`, es: `${name}: pérdida` }, unit: loss },
      {
        figure: "accuracy",
        title: { en: `${name}: accuracy`, es: `${name}: exactitud` },
        unit: { en: "share right", es: "parte acertada" },
      },
    ] as const;
    for (const { figure, title, unit } of figures) {
      const curves = CURVES.map(({ part, name }) => ({ name, points: pointsOf(lines, part, figure) }))
        .filter(({ points }) => points.length > 0);
      if (curves.length === 0) continue;
      const draw = (word: (text: Both) => string) =>
        plotCurves(
          word(title),
          word(unit),
          curves.map(({ name, points }) => ({ name: word(name), points })),
          word({ en: "step", es: "paso" }),
        );
      pictures.push(picture(title, draw));
    }
  }
  return pictures;
}
