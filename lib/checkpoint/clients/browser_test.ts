/**
 * Opens an exported folder in the page of docs/export.md, in headless Chromium. Without Chromium the test is ignored
 * and says so; with DESDE_CERO_REQUIRE_CHROMIUM set, it fails.
 */
import { assertEquals } from "@std/assert";
import { extname, fromFileUrl, join } from "@std/path";
import { chromium } from "playwright-core";
import "@huggingface/transformers"; // so that their files are found
import "onnxruntime-web";
import { CpuDevice } from "../../device/cpu.ts";
import { Decoder } from "../../model/decoder.ts";
import { encodePrompt } from "../../text/prompt.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { exportOnnx } from "../onnx/folder.ts";
import { greedy } from "./greedy.ts";

const executablePath = [Deno.env.get("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => {
    try {
      return path !== undefined && Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  },
);
const required = Deno.env.get("DESDE_CERO_REQUIRE_CHROMIUM") !== undefined;
if (!executablePath && !required) console.log("no Chromium was found: the page is not tested");

const QUESTION = "¿Qué es la luna?", COUNT = 20;

/** The folder of a package's modules for browsers. */
const distOf = (name: string) => fromFileUrl(new URL(".", import.meta.resolve(name)));

/** The page, which loads the library and ONNX Runtime from this site instead of a content delivery network. */
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
  import { env, pipeline } from "/transformers/transformers.js";
  env.backends.onnx.wasm.wasmPaths = "/onnxruntime/";
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.localModelPath = "/models/";
  const generator = await pipeline("text-generation", "exported");
  const settings = { max_new_tokens: ${COUNT}, min_new_tokens: ${COUNT} };
  const [{ generated_text }] = await generator([{ role: "user", content: "${QUESTION}" }], settings);
  document.body.textContent = generated_text.at(-1).content;
  document.body.id = "done";
</script><body></body>`;

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/** Serves the page and the folders that it loads. */
function serve(folders: Record<string, string>) {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
    const [, top, ...rest] = pathname.split("/");
    const body = await Deno.readFile(join(folders[top] ?? "none", ...rest)).catch(() => null);
    if (!body) return new Response(null, { status: 404 });
    return new Response(body, {
      headers: { "content-type": TYPES[extname(pathname)] ?? "application/octet-stream" },
    });
  });
}

Deno.test({
  name: "the model that ships answers in a page as it does here",
  ignore: !executablePath && !required,
  async fn() {
    const models = await Deno.makeTempDir();
    const checkpoint = fromFileUrl(new URL("../../../models/small/instruct/best", import.meta.url));
    await exportOnnx(checkpoint, join(models, "exported"));
    const [transformers, onnxruntime] = [distOf("@huggingface/transformers"), distOf("onnxruntime-web")];
    await using server = serve({ models, transformers, onnxruntime });
    const browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => page.on("pageerror", reject));
      await page.goto(`http://127.0.0.1:${server.addr.port}`);
      await Promise.race([page.waitForSelector("#done", { timeout: 120_000 }), failed]);

      const { config, values, tokenizer } = await readCheckpoint(checkpoint);
      const device = await CpuDevice.open({ threads: 1 });
      const decoder = new Decoder(device, config);
      decoder.load(values);
      const { ids } = encodePrompt(tokenizer, { past: [], instruction: QUESTION }, 100);
      const chosen = await greedy(decoder, Uint32Array.from(ids), tokenizer, COUNT);
      assertEquals(await page.textContent("body"), tokenizer.decode(chosen));
    } finally {
      await browser.close();
      await Deno.remove(models, { recursive: true });
    }
  },
});
