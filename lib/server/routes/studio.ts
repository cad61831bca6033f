/** `/api/studio`: trainings on the user's own texts. Only the studio has these routes. */
import { createRoute } from "@hono/zod-openapi";
import { UserError } from "../../errors.ts";
import { Refusal } from "../../studio/refusal.ts";
import type { Training as Found } from "../../studio/trainings.ts";
import { ApiError } from "../errors.ts";
import { json, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import {
  Contents,
  Deletion,
  NewTitle,
  NewTraining,
  Nothing,
  Started,
  type Training,
  TrainingList,
  TrainingParams,
  TrainingWithLog,
} from "../schemas/studio.ts";
import type { Services } from "../services.ts";

export const PATH = "/api/studio";

const { 400: wrong, 401: locked, 404: unknown, 413: large } = refusals;

const listRoute = createRoute({
  method: "get",
  path: `${PATH}/trainings`,
  summary: "Trainings: those that run first.",
  responses: { 200: json("All of them.", TrainingList), 401: locked },
});

const oneRoute = createRoute({
  method: "get",
  path: `${PATH}/trainings/{name}`,
  summary: "One training, with the end of its log.",
  request: { params: TrainingParams },
  responses: { 200: json("The training.", TrainingWithLog), 400: wrong, 401: locked, 404: unknown },
});

const startRoute = createRoute({
  method: "post",
  path: `${PATH}/trainings`,
  summary: "Starts a training on a text, which goes on when the studio ends.",
  ...jsonRequest(NewTraining),
  responses: { 200: json("It was started.", Started), 400: wrong, 401: locked, 413: large },
});

const stopRoute = createRoute({
  method: "post",
  path: `${PATH}/trainings/{name}/stop`,
  summary: "Asks a training to save and end.",
  ...jsonRequest(Nothing),
  request: { ...jsonRequest(Nothing).request, params: TrainingParams },
  responses: { 200: json("It was asked.", Nothing), 400: wrong, 401: locked },
});

const resumeRoute = createRoute({
  method: "post",
  path: `${PATH}/trainings/{name}/resume`,
  summary: "Goes on with a training that was stopped or failed.",
  ...jsonRequest(Nothing),
  request: { ...jsonRequest(Nothing).request, params: TrainingParams },
  responses: { 200: json("It goes on.", Nothing), 400: wrong, 401: locked },
});

const renameRoute = createRoute({
  method: "post",
  path: `${PATH}/trainings/{name}/rename`,
  summary: "Calls a training something else. Its folder and its model keep their names.",
  ...jsonRequest(NewTitle),
  request: { ...jsonRequest(NewTitle).request, params: TrainingParams },
  responses: { 200: json("It is called so.", Nothing), 400: wrong, 401: locked, 404: unknown },
});

const contentsRoute = createRoute({
  method: "get",
  path: `${PATH}/trainings/{name}/contents`,
  summary: "What deleting a training would remove, and what would stay.",
  request: { params: TrainingParams },
  responses: { 200: json("What is there.", Contents), 400: wrong, 401: locked, 404: unknown },
});

const deleteRoute = createRoute({
  method: "post",
  path: `${PATH}/trainings/{name}/delete`,
  summary:
    "Deletes a training's folder below models/, with all models in it, unless something is being trained there.",
  ...jsonRequest(Deletion),
  request: { ...jsonRequest(Deletion).request, params: TrainingParams },
  responses: { 200: json("It is gone.", Nothing), 400: wrong, 401: locked, 404: unknown },
});

/** Turns a refusal, which the user can fix, into an API error. */
export async function orRefusal<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Refusal) throw new ApiError(400, error.message, error.about, error.code);
    throw error instanceof UserError ? new ApiError(400, error.message, null, "refused") : error;
  }
}

export function studioRoutes({ studio, runs, store }: Services) {
  const app = routeGroup();
  if (!studio) return app;
  const { trainings } = studio;

  const withProgress = async (training: Found): Promise<Training> => {
    const run = training.run === null ? null : await runs.get(training.run);
    const last = run?.file.samples.at(-1);
    return {
      ...training,
      progress: run ? await run.summary() : null,
      sample: last ? { step: last.step, text: last.text } : null,
    };
  };

  /** @throws {ApiError} if there is no training of this name */
  const find = async (name: string): Promise<Found> => {
    const training = await trainings.get(name);
    if (!training) throw new ApiError(404, `there is no training ${name}`, "name", "training_not_found");
    return training;
  };

  app.openapi(listRoute, async (c) => {
    const listed = [];
    for (const training of await trainings.list()) listed.push(await withProgress(training));
    return c.json({ trainings: listed }, 200);
  });
  app.openapi(oneRoute, async (c) => {
    const { name } = c.req.valid("param");
    return c.json({ ...await withProgress(await find(name)), log: [...await trainings.log(name)] }, 200);
  });
  app.openapi(startRoute, async (c) => {
    const name = await orRefusal(trainings.start(c.req.valid("json")));
    store.refresh();
    return c.json({ name }, 200);
  });
  app.openapi(stopRoute, async (c) => {
    await orRefusal(trainings.stop(c.req.valid("param").name));
    return c.json({}, 200);
  });
  app.openapi(resumeRoute, async (c) => {
    await orRefusal(trainings.resume(c.req.valid("param").name));
    return c.json({}, 200);
  });
  app.openapi(renameRoute, async (c) => {
    const { name } = await find(c.req.valid("param").name);
    await orRefusal(trainings.rename(name, c.req.valid("json").title));
    return c.json({}, 200);
  });
  app.openapi(contentsRoute, async (c) => {
    const { name } = await find(c.req.valid("param").name);
    const { parts, kept, ...contents } = await trainings.contents(name);
    return c.json({ ...contents, parts: [...parts], kept: [...kept] }, 200);
  });
  app.openapi(deleteRoute, async (c) => {
    const { name } = await find(c.req.valid("param").name);
    await orRefusal(studio.remove(name, c.req.valid("json").shipped));
    store.refresh();
    return c.json({}, 200);
  });
  return app;
}
