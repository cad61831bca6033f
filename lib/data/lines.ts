/** Files of text, a line at a time: a string cannot hold a large file. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { openFile } from "../files.ts";

/**
 * The lines of a file of UTF-8, without LF or CRLF.
 * @param remedy what to do if it cannot be read
 * @throws {UserError} if it cannot be read
 */
export async function* readLines(path: string, remedy: string): AsyncGenerator<string> {
  const lines: TransformStream<string, string> = new TextLineStream();
  const file = await openFile(path, remedy);
  yield* file.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines);
}
