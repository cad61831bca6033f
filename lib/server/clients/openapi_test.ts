/**
 * The API's description against what the server does, by a validator of JSON schemas that knows nothing of the
 * server's own: both must take and refuse the same requests, and answers must be as described.
 */
import { assert, assertEquals } from "@std/assert";
import { Description } from "./described.ts";
import { loopback, startServer } from "./server.ts";

/** A good request of every POST route. */
const good: Record<string, Record<string, unknown>> = {
  "/v1/chat/completions": { messages: [{ role: "user", content: "a" }], max_tokens: 1 },
  "/v1/completions": { prompt: "a", max_tokens: 1 },
  "/v1/responses": { input: "a", max_output_tokens: 1 },
  "/v1/embeddings": { input: "a" },
  "/classify": { input: "a" },
  "/api/runs/snapshot": { run: "tiny/pretrain", step: 2, prompt: "a", max_tokens: 1 },
  "/api/attention": { model: "tiny/instruct", ids: [4, 7], layer: 0, head: 0 },
  "/api/inside/tokens": { model: "tiny/instruct", input: "hola" },
  "/api/inside/continue": { model: "tiny/instruct", ids: [4, 7], max_tokens: 1 },
  "/api/inside/heads": { model: "tiny/instruct", ids: [4, 7] },
  "/api/inside/lens": { model: "tiny/instruct", ids: [4, 7] },
  "/api/inside/ablate": {
    model: "tiny/instruct",
    ids: [4, 7],
    max_tokens: 1,
    off: { heads: [{ layer: 1, head: 0 }], mlps: [0] },
  },
  "/api/inside/effects": { model: "tiny/instruct", ids: [4, 7] },
  "/api/inside/pass": { model: "tiny/instruct", ids: [4, 7], position: 1, layer: 0, head: 0 },
};

/** Given to every parameter of every route. */
const values: unknown[] = [
  null,
  true,
  false,
  ...[-3, -1, 0, 0.5, 1, 2, 3, 21, 129, 5000, 1e12],
  ...["", " ", "a", "auto", "none", "required", "text", "float", "disabled", "tiny/instruct"],
  ...[[], [""], ["a"], ["text"], ["a", "b", "c", "d", "e"], [1, 2], [[1], [2]], [[]], ["a", 1], [{}]],
  ...[{}, { a: "b" }, { 1: 2 }, { 1: 200 }, { type: "text" }, { type: "json_object" }, {
    include_usage: true,
  }],
  ...[{ format: { type: "text" } }, { effort: "high" }, { effort: "none" }],
  [{ type: "function", function: { name: "f" } }],
  [{ role: "assistant", content: null, tool_calls: [] }, { role: "tool", content: "b", tool_call_id: "c" }],
  [{ role: "user", content: [{ type: "text", text: "b" }] }],
  [{ role: "user", content: [{ type: "input_text", text: "b" }] }],
  [{ role: "user", content: [{ type: "image_url", image_url: { url: "" } }] }],
  [{ role: "robot", content: "b" }],
  [{ type: "function_call_output", call_id: "c", output: "b" }],
];

/** Codes of refusals by a schema; others need more than the request to know. */
const bySchema = ["invalid_value", "unknown_parameter"];

Deno.test(
  { name: "the server takes, refuses and answers what its description says", permissions: loopback },
  async () => {
    await using server = await startServer("--queue", "1000");
    const description = await Description.of(server.url);
    const { document } = description;
    const posts = Object.keys(document.paths).filter((path) => document.paths[path].post);
    assertEquals(posts.sort(), Object.keys(good).sort());
    let taken = 0, refused = 0;

    /** Posts a body, and compares what comes with the description. */
    const probe = async (path: string, body: Record<string, unknown>) => {
      const shown = `${path} ${JSON.stringify(body)}`;
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const type = response.headers.get("content-type")!.split(";")[0];
      const valid = (value: unknown) => {
        const fault = description.answerFault(value, { method: "post", path, status: response.status, type });
        assert(fault === null, `${shown} is answered ${JSON.stringify(value)}: ${fault}`);
      };
      let code: string | null = null;
      if (type === "text/event-stream") {
        for (const line of (await response.text()).split("\n")) {
          if (line.startsWith("data: {")) valid(JSON.parse(line.slice(6)));
        }
      } else {
        const answer = await response.json();
        valid(answer);
        code = answer.error?.code ?? null;
      }
      const fault = description.fault(
        body,
        path,
        "post",
        "requestBody",
        "content",
        "application/json",
        "schema",
      );
      const accepted = !(response.status === 400 && bySchema.includes(code ?? ""));
      assertEquals(accepted, fault === null, `${shown}: ${code}, but ${fault}`);
      if (accepted) taken++;
      else refused++;
    };

    for (const [path, base] of Object.entries(good)) {
      const { $ref } = document.paths[path].post.requestBody.content["application/json"].schema;
      const parameters = Object.keys(document.components.schemas[$ref.split("/").at(-1)].properties);
      const bodies = [...parameters, "unknown"].flatMap((name) =>
        values.map((value) => ({ ...base, [name]: value }))
      );
      for (let i = 0; i < bodies.length; i += 32) {
        await Promise.all(bodies.slice(i, i + 32).map((body) => probe(path, body)));
      }
      for (const name of Object.keys(base)) {
        const { [name]: _, ...rest } = base;
        await probe(path, rest);
      }
    }
    assert(taken > 500 && refused > 500, `${taken} taken, ${refused} refused`);

    const runs = ["curves", "settings", "lineage"].map((name) => `/api/runs/${name}`);
    const queries: Record<string, string> = {
      "/api/card": "?model=tiny%2Finstruct",
      ...Object.fromEntries(runs.map((path) => [path, "?run=tiny%2Fpretrain"])),
    };
    for (const path of ["/v1/models", "/v1/models/{id}", "/healthz", "/api/card", "/api/runs", ...runs]) {
      const address = path.replace("{id}", "tiny%2Finstruct") + (queries[path] ?? "");
      const answer = await (await fetch(server.url + address)).json();
      assertEquals(description.answerFault(answer, { method: "get", path, status: 200 }), null);
    }

    // The list and the curves of a run, and that another is gone.
    const path = "/api/runs/events", seen = new Set<string>();
    const events = await fetch(`${server.url}${path}?run=tiny%2Fpretrain&run=tiny%2Fgone&points=10`);
    for await (const text of events.body!.pipeThrough(new TextDecoderStream())) {
      for (const [, name, data] of text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)) {
        const value = JSON.parse(data), type = "text/event-stream";
        assertEquals(description.answerFault(value, { method: "get", path, status: 200, type }), null, name);
        seen.add(name);
      }
      if (seen.size === 3) break;
    }
    assertEquals(seen, new Set(["list", "run", "gone"]));
  },
);
