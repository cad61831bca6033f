/** Exports a folder for ONNX Runtime and transformers.js. */
import { join } from "@std/path";
import { exportOnnx } from "../../checkpoint/onnx/folder.ts";
import { UserError } from "../../errors.ts";
import { exists } from "../../files.ts";
import { lockFolder } from "../../lock.ts";
import { count } from "../../progress.ts";
import type { ExportFormat } from "./format.ts";

export const onnx: ExportFormat = {
  place({ model, as }) {
    if (as !== undefined) throw new UserError(`--as ${as}: ONNX is written in float32; leave --as out`);
    return model.replace(/\/(best|last)$|\.gguf$/, "") + "-onnx";
  },
  isExport: (path) => exists(join(path, "export.json")),
  async write({ checkpoint }, out) {
    await using _lock = await lockFolder(out, "export");
    const { parameters, bytes } = await exportOnnx(checkpoint, out);
    return `${count(parameters)} parameters in float32, ${count(bytes)} bytes`;
  },
};
