/** Pictures of the evaluation's report: attention, and the curves of training. */
import { dirname, join } from "@std/path";
import type { Device } from "../device/device.ts";
import { promptTokens } from "../generate/answer.ts";
import { attentionWeights } from "../model/attention_weights.ts";
import type { Picture } from "../page.ts";
import { plotMatrix } from "../plot.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { openDecoder } from "../checkpoint/open_model.ts";

/** Tokens that a picture of attention has room for. */
const PICTURED = 40;

/** A picture of every head of the last layer: how much each token of a text attends to those before it. */
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
    const title = `layer ${config.layers}, head ${head + 1}`;
    const cell = (row: number, column: number) => {
      if (column > row) return undefined;
      return Number(weights[row * n + column].toFixed(3));
    };
    const values = Array.from(
      { length: n },
      (_, row) => Array.from({ length: n }, (_, column) => cell(row, column)),
    );
    const axis = { name: "", labels };
    return { title, svg: plotMatrix({ title, rows: axis, columns: axis, values, cell: 12 }) };
  });
}

const visible = (tokenizer: Tokenizer, id: number) =>
  tokenizer.label(id).replace(/^ $/, "␣").replace(/^\n$/, "⏎");

/** The curves that training left beside each checkpoint. */
export async function curvesOf(
  folders: readonly (readonly [name: string, folder: string])[],
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const [name, folder] of folders) {
    for (const file of ["loss", "accuracy"]) {
      const svg = await Deno.readTextFile(join(dirname(folder), `${file}.svg`)).catch(() => null);
      if (svg) pictures.push({ title: `${name}: ${file}`, svg });
    }
  }
  return pictures;
}
