/** The API's description, and how routes answer to what they do not know. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { VIEWS } from "./page/frame.tsx";
import { said, testApp } from "./testing.ts";

const chat = "/v1/chat/completions";

/** Paths of the pages: no part of the API. */
const isPage = (path: string) => VIEWS.some((view) => view.path === path) || path.startsWith("/assets/");

Deno.test("every route of the app is described, and nothing else", async () => {
  await using s = await testApp();
  const { paths, openapi } = await (await s.app.request("/openapi.json")).json();
  assertEquals(openapi, "3.1.0");
  const served = s.app.routes.filter(({ method, path }) => method !== "ALL" && !isPage(path))
    // A path that a pattern spells otherwise is the same route.
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{.*\})?/, "{$1}")}`);
  const described = Object.entries(paths).flatMap(([path, methods]) => {
    return Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`);
  });
  assertEquals([...new Set(served)].sort(), described.sort());
});

Deno.test("a route's description says what it takes, what it answers and how it refuses", async () => {
  await using s = await testApp();
  const { paths, components } = await (await s.app.request("/openapi.json")).json();
  const { requestBody, responses } = paths[chat].post;
  assertEquals(requestBody.content["application/json"].schema.$ref, "#/components/schemas/ChatRequest");
  assertEquals(components.schemas.ChatRequest.properties.temperature.maximum, 2);
  assertEquals(components.schemas.ChatRequest.additionalProperties, false);
  const answers = Object.entries<{ schema: { $ref: string } }>(responses[200].content)
    .map(([type, { schema }]) => `${type} ${schema.$ref.split("/").at(-1)}`);
  assertEquals(answers, ["application/json ChatCompletion", "text/event-stream ChatChunk"]);
  assertEquals(Object.keys(responses), [
    "200",
    "400",
    "401",
    "404",
    "408",
    "413",
    "429",
    "500",
    "503",
    "504",
  ]);
  for (const status of Object.keys(responses).slice(1)) {
    assertEquals(responses[status].content["application/json"].schema.$ref, "#/components/schemas/Error");
  }
});

Deno.test("a wrong method is told the right ones", async () => {
  await using s = await testApp();
  for (
    const [method, path, allow] of [
      ["GET", chat, "POST"],
      ["DELETE", "/v1/models", "GET, HEAD"],
      ["DELETE", "/v1/models/tiny/instruct", "GET, HEAD"],
      ["POST", "/healthz", "GET, HEAD"],
      ["PUT", "/assets/client.js", "GET, HEAD"],
      ["OPTIONS", "/classify", "POST"],
    ]
  ) {
    const response = await s.app.request(path, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
    assertStringIncludes((await response.json()).error.message, "not allowed");
  }
  assertEquals((await s.app.request("/v1/models", { method: "HEAD" })).status, 200);
  assertEquals((await s.app.request("/v1/nothing")).status, 404);
});

const good = { messages: said("Hola"), max_tokens: 2 };
const tools = [{ type: "function", function: { name: "sumar", parameters: { type: "object" } } }];

const unsupported: [path: string, more: object, param: string][] = [
  [chat, { response_format: { type: "json_object" } }, "response_format"],
  [chat, { response_format: { type: "json_schema", json_schema: { name: "a" } } }, "response_format"],
  [chat, { tools, tool_choice: "required" }, "tool_choice"],
  [chat, { tools, tool_choice: { type: "function", function: { name: "sumar" } } }, "tool_choice"],
  [chat, { functions: [{ name: "sumar" }] }, "functions"],
  [chat, { store: true }, "store"],
  [chat, { modalities: ["audio"] }, "modalities.0"],
  [chat, { stream_options: { chunk: 1 } }, "stream_options.chunk"],
  [chat, { temperatura: 1 }, "temperatura"],
  [chat, { min_p: 0.1 }, "min_p"],
  [chat, { messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages.0.content.0.type"],
  ["/v1/completions", { best_of: 2 }, "best_of"],
  ["/v1/completions", { suffix: "b" }, "suffix"],
  ["/v1/embeddings", { dimensions: 8 }, "dimensions"],
  ["/classify", { temperature: 1 }, "temperature"],
];
for (const [path, more, param] of unsupported) {
  Deno.test(`${path} refuses ${JSON.stringify(more)} with the parameter's name`, async () => {
    await using s = await testApp();
    const base = path === chat ? good : path === "/v1/completions" ? { prompt: "a" } : { input: "a" };
    const response = await s.post(path, { ...base, ...more });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param], error.message);
    assertStringIncludes(error.message, `${param}: `);
  });
}

Deno.test("parameters that change no answer, and those that say what is so anyway, are accepted", async () => {
  await using s = await testApp();
  const harmless = {
    user: "ana",
    metadata: { a: "b" },
    store: false,
    service_tier: "auto",
    parallel_tool_calls: true,
    prompt_cache_key: "k",
    safety_identifier: "x",
    tools,
    tool_choice: "auto",
    response_format: { type: "text" },
    modalities: ["text"],
    reasoning_effort: "none",
    verbosity: "medium",
    stream_options: null,
    functions: null,
  };
  assertEquals((await s.post(chat, { ...good, ...harmless })).status, 200);
  const nothing = { best_of: 1, suffix: null, user: "ana", echo: false };
  assertEquals((await s.post("/v1/completions", { prompt: "a", ...nothing })).status, 200);
  assertEquals((await s.post("/v1/embeddings", { input: "a", dimensions: null })).status, 200);
});
