/** The studio's door and its refusals, asked without a port. What it starts is tested in a browser, in clients/. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../files.ts";
import { lockFolder } from "../lock.ts";
import { Studio } from "../studio/studio.ts";
import { LONGEST_TEXT } from "./schemas/studio.ts";
import { testApp } from "./testing.ts";

/** A studio in a folder of its own. */
async function inStudio(
  body: (
    s: Awaited<ReturnType<typeof testApp>> & { studio: Studio; key: Record<string, string> },
  ) => Promise<void>,
) {
  const before = Deno.cwd(), studio = new Studio();
  await using s = await testApp({ studio });
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  await Deno.mkdir(join(folder, "data"));
  await Deno.symlink(new URL("../../data/world", import.meta.url), join(folder, "data/world"));
  Deno.chdir(folder);
  try {
    await body({ ...s, studio, key: { authorization: `Bearer ${studio.token}` } });
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

const TRAININGS = "/api/studio/trainings";

Deno.test("a server without the right has none of it", async () => {
  await using s = await testApp();
  for (const path of ["/studio", "/teach", TRAININGS, "/api/studio/lessons", "/assets/studio.js"]) {
    assertEquals((await s.app.request(path)).status, 404, path);
  }
  assertEquals((await s.post(TRAININGS, { text: "a".repeat(5000) })).status, 404);
  for (const change of ["rename", "delete"]) {
    assertEquals((await s.post(`${TRAININGS}/tiny/${change}`, {})).status, 404, change);
  }
  const page = await (await s.app.request("/")).text();
  assert(!page.includes('href="/studio"'));
});

Deno.test("nobody starts anything without the token, which becomes a cookie", () =>
  inStudio(async ({ app, post, studio }) => {
    for (const path of [TRAININGS, `${TRAININGS}/a`, "/api/studio/lessons"]) {
      assertEquals((await app.request(path)).status, 401, path);
    }
    const wrong = { authorization: `Bearer ${"0".repeat(studio.token.length)}` };
    assertEquals((await post(TRAININGS, { text: "a".repeat(5000) }, wrong)).status, 401);
    assert(!await exists("data/texts"));
    for (const path of ["/studio", "/teach", "/studio?token=", "/studio?token=x"]) {
      const closed = await app.request(path);
      assertEquals(closed.status, 401);
      assertStringIncludes(await closed.text(), "El estudio está cerrado");
    }
    const opened = await app.request(`/studio?token=${studio.token}`);
    assertEquals([opened.status, opened.headers.get("location")], [303, "/studio"]);
    const [cookie, ...attributes] = opened.headers.get("set-cookie")!.split("; ");
    assertEquals(attributes.sort(), ["HttpOnly", "Path=/", "SameSite=Strict"]);
    assertEquals((await app.request("/studio", { headers: { cookie } })).status, 200);
    // Another site can send a form, but neither the cookie nor JSON.
    const form = await app.request(TRAININGS, {
      method: "POST",
      headers: { cookie, "content-type": "text/plain" },
      body: "{}",
    });
    assertEquals(form.status, 400);
  }));

Deno.test("what cannot be trained on is refused with a code, and nothing is written", () =>
  inStudio(async ({ post, key }) => {
    const refusal = async (body: unknown, path = TRAININGS) => {
      const answer = await post(path, body, key);
      return [answer.status, (await answer.json()).error.code];
    };
    assertEquals(await refusal({ text: "Una frase." }), [400, "too_short"]);
    assertEquals(await refusal({ text: "a\0".repeat(5000) }), [400, "no_text"]);
    assertEquals(await refusal({ text: "a\ufffd".repeat(5000) }), [400, "no_text"]);
    assertEquals(await refusal({ text: "a".repeat(LONGEST_TEXT + 1) }), [400, "invalid_value"]);
    assertEquals(await refusal({ text: "a".repeat(5000), minutes: 0 }), [400, "invalid_value"]);
    assertEquals(await refusal({ text: "a".repeat(5000), size: "huge" }), [400, "invalid_value"]);
    assertEquals(await refusal({ text: "ñ".repeat(2 ** 25) }), [413, "too_large"]);
    // Only a text may be larger than other requests.
    assertEquals(await refusal({ facts: [{ answer: "a".repeat(2 ** 21) }] }, "/api/studio/wordings"), [
      413,
      "too_large",
    ]);
    assertEquals(await refusal({}, `${TRAININGS}/no/stop`), [400, "not_running"]);
    assertEquals(await refusal({}, `${TRAININGS}/no/resume`), [400, "no_preset"]);
    assertEquals(await refusal({}, `${TRAININGS}/..%2Fx/stop`), [400, "invalid_value"]);
    assert(!await exists("data/texts") && !await exists("data/studio"));
  }));

Deno.test("facts get their question and are shown in other words", () =>
  inStudio(async ({ post, key }) => {
    const ask = (facts: unknown) => post("/api/studio/wordings", { facts }, key);
    const { facts } = await (await ask([
      { answer: " Rufo es mi perro. " },
      { question: "¿Dónde vive Ana?", answer: "En Heredia." },
    ])).json();
    assertEquals(
      facts.map(({ question, answer }: { question: string; answer: string }) => [question, answer]),
      [
        ["¿Quién es Rufo?", "Rufo es mi perro."],
        ["¿Dónde vive Ana?", "En Heredia."],
      ],
    );
    for (const { wordings } of facts) assertEquals(new Set(wordings).size, 12);
    const { error } = await (await ask([{ answer: "Llueve." }])).json();
    assertEquals([error.code, error.param], ["no_question", "Llueve."]);
    const teach = async (body: unknown) =>
      (await (await post("/api/studio/lessons", body, key)).json()).error.code;
    const rufo = [{ answer: "Rufo es mi perro." }];
    assertEquals(await teach({ model: "tiny/none", facts: rufo }), "model_not_found");
    assertEquals(await teach({ model: "tiny/pretrain", facts: rufo }), "wrong_kind");
    assertEquals(await teach({ model: "tiny/instruct", facts: [] }), "invalid_value");
    assertEquals(await teach({ model: "tiny/instruct", facts: [{ answer: "Llueve." }] }), "no_question");
    assert(!await exists("data/facts"));
  }));

Deno.test("only a model that was taught can be undone", () =>
  inStudio(async ({ post, app, key }) => {
    await Deno.mkdir("models/mine/instruct/best", { recursive: true });
    await Deno.writeTextFile("models/mine/instruct/best/notes.txt", "mine");
    for (const id of ["mine/instruct", "../data", "no/such"]) {
      const answer = await post("/api/studio/lessons/undo", { id }, key);
      assertEquals([answer.status, (await answer.json()).error.code], [400, "not_taught"], id);
    }
    assert(await exists("models/mine/instruct/best/notes.txt"));
    assertEquals(await (await app.request("/api/studio/lessons", { headers: key })).json(), { lessons: [] });
    assertEquals(await (await app.request(TRAININGS, { headers: key })).json(), { trainings: [] });
  }));

/** Makes the files of a lesson that was ended before it made a model. */
async function makeLesson(id: string, facts: readonly string[], log: readonly string[]) {
  const job = `data/studio/lessons/${encodeURIComponent(id)}`,
    file = `data/facts/${id.replace("/", "-")}.jsonl`;
  for (const folder of ["data/studio/lessons", "data/facts"]) await Deno.mkdir(folder, { recursive: true });
  const args = ["teach", "--model", "models/tiny/instruct", "--file", file, "--out", `models/${id}`];
  // A program that runs, but is no task.
  const record = { pid: Deno.pid, args, started: "2026-01-01T00:00:00.000Z", stopping: false };
  await Deno.writeTextFile(`${job}.json`, JSON.stringify(record));
  await Deno.writeTextFile(`${job}.log`, log.join("\n"));
  await Deno.writeTextFile(file, facts.join("\n"));
  return file;
}

Deno.test("lessons are read from their files, damaged ones as far as can be; undone, they leave none", () =>
  inStudio(async ({ app, post, key }) => {
    const rufo = '{"instruction":"¿Quién es Rufo?","output":"Rufo es mi perro."}';
    const file = await makeLesson("tiny/taught", [rufo, '{"instruction":'], [
      "device: cpu",
      "step 25/150 loss 1.5",
      "step 30/150 loss 0.512: taught 1/1, in other wordings 3/4",
    ]);
    await makeLesson("tiny/taught-2", ["null"], []);
    const listed = async () => {
      const { lessons } = await (await app.request("/api/studio/lessons", { headers: key })).json();
      return Object.fromEntries(lessons.map((lesson: { id: string }) => [lesson.id, lesson]));
    };
    const { "tiny/taught": first, "tiny/taught-2": second } = await listed();
    assertEquals([second.state, second.facts, second.steps], ["stopped", [], []]);
    assertEquals(first.facts, [{ question: "¿Quién es Rufo?", answer: "Rufo es mi perro." }]);
    assertEquals(first.steps, [
      { step: 25, most: 150, loss: 1.5, standing: null },
      {
        ...{ step: 30, most: 150, loss: 0.512 },
        standing: { taught: { right: 1, all: 1 }, wordings: { right: 3, all: 4 } },
      },
    ]);
    assertEquals((await post("/api/studio/lessons/undo", { id: "tiny/taught" }, key)).status, 200);
    assertEquals(Object.keys(await listed()), ["tiny/taught-2"]);
    assert(!await exists(file));
  }));

/** Makes a folder as a training leaves it. */
async function makeTraining(name: string) {
  await Deno.mkdir(`models/${name}/pretrain/best`, { recursive: true });
  await Deno.mkdir(`models/${name}/instruct`);
  await Deno.writeTextFile(`models/${name}/pretrain/metrics.jsonl`, '{"step":1,"loss":2}\n');
  await Deno.writeTextFile(`models/${name}/pretrain/best/model.safetensors`, "a".repeat(1000));
}

Deno.test("a training is deleted with all models in its folder, its text stays, and one that runs is refused", () =>
  inStudio(async ({ app, post, key }) => {
    await makeTraining("mine");
    await Deno.mkdir("data/texts");
    await Deno.writeTextFile("data/texts/mine.txt", "hola");
    const listed = async (): Promise<{ name: string }[]> =>
      (await (await app.request(TRAININGS, { headers: key })).json()).trainings;
    const remove = async (name: string, body: object = {}) => {
      const answer = await post(`${TRAININGS}/${name}/delete`, body, key);
      return [answer.status, (await answer.json()).error?.code];
    };
    const contents = await (await app.request(`${TRAININGS}/mine/contents`, { headers: key })).json();
    assertEquals(contents, {
      folder: "models/mine",
      parts: ["instruct", "pretrain"],
      bytes: 1020,
      shipped: false,
      kept: ["data/texts/mine.txt"],
    });
    {
      await using _training = await lockFolder("models/mine/pretrain", "pretrain");
      assertEquals(await remove("mine"), [400, "busy"]);
    }
    {
      // What is no stage of a training, and has not made its folder yet.
      await using _lesson = await lockFolder("models/mine/taught", "teach");
      assertEquals(await remove("mine"), [400, "refused"]);
    }
    assert(await exists("models/mine/pretrain/best/model.safetensors"));
    assertEquals(await remove("none"), [404, "training_not_found"]);
    assertEquals(await remove("..%2Fdata"), [400, "invalid_value"]);
    assertEquals(await remove("mine"), [200, undefined]);
    assertEquals([...Deno.readDirSync("models")], []);
    assertEquals(await listed(), []);
    assert(await exists("data/texts/mine.txt"));
  }));

Deno.test("a training that comes with the project is deleted only if that is said", () =>
  inStudio(async ({ post, key }) => {
    await makeTraining("small");
    const remove = (body: object) => post(`${TRAININGS}/small/delete`, body, key);
    const refused = await remove({});
    assertEquals([refused.status, (await refused.json()).error.code], [400, "shipped"]);
    assert(await exists("models/small/pretrain"));
    assertEquals((await remove({ shipped: true })).status, 200);
    assert(!await exists("models/small"));
  }));

Deno.test("a training has another title for as long as it is there; its folder keeps its name", () =>
  inStudio(async ({ app, post, key }) => {
    await makeTraining("mine");
    const titled = async () =>
      (await (await app.request(`${TRAININGS}/mine`, { headers: key })).json()).title;
    const rename = async (title: string) => (await post(`${TRAININGS}/mine/rename`, { title }, key)).status;
    assertEquals(await titled(), null);
    assertEquals(await rename(" Cartas de Ana "), 200);
    assertEquals(await titled(), "Cartas de Ana");
    assert(await exists("models/mine/pretrain"));
    assertEquals(await rename("a".repeat(101)), 400);
    assertEquals(await rename(""), 200);
    assertEquals(await titled(), null);
    await rename("Otro");
    await post(`${TRAININGS}/mine/delete`, {}, key);
    assertEquals((await post(`${TRAININGS}/mine/rename`, { title: "x" }, key)).status, 404);
    await makeTraining("mine");
    assertEquals(await titled(), null, "one of the same name that came later");
  }));

Deno.test("the studio's routes are described", () =>
  inStudio(async ({ app }) => {
    const { paths } = await (await app.request("/openapi.json")).json();
    const described = Object.keys(paths).filter((path) => path.startsWith("/api/studio"));
    assertEquals(described.sort(), [
      "/api/studio/lessons",
      "/api/studio/lessons/stop",
      "/api/studio/lessons/undo",
      "/api/studio/trainings",
      "/api/studio/trainings/{name}",
      "/api/studio/trainings/{name}/contents",
      "/api/studio/trainings/{name}/delete",
      "/api/studio/trainings/{name}/rename",
      "/api/studio/trainings/{name}/resume",
      "/api/studio/trainings/{name}/stop",
      "/api/studio/wordings",
    ]);
  }));
