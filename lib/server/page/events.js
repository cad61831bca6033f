// @ts-check
/// <reference lib="dom" />

/** The server-sent events of a response, as they arrive.
 * @param {Response} response @returns {AsyncGenerator<{ name: string, data: string }>} */
export async function* serverEvents(response) {
  const body = /** @type {ReadableStream<Uint8Array>} */ (response.body);
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (pending + value).split("\n\n");
    pending = whole.pop() ?? "";
    for (const event of whole) {
      const [, name = "", data = ""] = /^(?:event: (\w+)\n)?data: (.*)$/s.exec(event) ?? [];
      if (data) yield { name, data };
    }
  }
}
