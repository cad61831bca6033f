/** Reads text files line by line, as a string cannot hold a large file. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { UserError } from "../errors.ts";
import { openFile } from "../files.ts";

/** Most characters of a line; V8's strings hold at most 536 million. */
const LONGEST = 500_000_000;

/** A part of a file, in bytes. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The lines of a file of UTF-8, without LF or CRLF.
 * @param remedy what to do if it cannot be read
 * @param options `longest` is the most characters of a line; `range` limits the reading to a part of the file
 * @throws {UserError} if it cannot be read, or a line is longer than a string can be
 */
export async function* readLines(
  path: string,
  remedy: string,
  { longest = LONGEST, range }: { longest?: number; range?: Range | undefined } = {},
): AsyncGenerator<string> {
  const file = await openFile(path, remedy);
  if (range) await file.seek(range.from, Deno.SeekMode.Start);
  let left = range ? range.to - range.from : Infinity;
  const within = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(bytes, controller) {
      controller.enqueue(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) controller.terminate();
    },
  });
  let length = 0; // characters so far of the line that has not ended yet
  const bounded = new TransformStream<string, string>({
    transform(text, controller) {
      const end = text.lastIndexOf("\n") + 1;
      length = (end === 0 ? length : 0) + text.length - end;
      if (length > longest) {
        throw new UserError(`${path}: a line is longer than ${longest} characters; ${remedy}`);
      }
      controller.enqueue(text);
    },
  });
  const lines: TransformStream<string, string> = new TextLineStream();
  yield* file.readable.pipeThrough(within).pipeThrough(new TextDecoderStream()).pipeThrough(bounded)
    .pipeThrough(lines);
}
