/** `/api/studio`: teaching facts to models. Only the studio has these routes. */
import { createRoute } from "@hono/zod-openapi";
import type { Lesson as Found, Report } from "../../studio/lessons.ts";
import { wordFacts } from "../../studio/wordings.ts";
import { ApiError } from "../errors.ts";
import { json, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import {
  type Lesson,
  LessonList,
  LessonQuery,
  NewLesson,
  Nothing,
  StartedLesson,
  Worded,
  Wordless,
} from "../schemas/studio.ts";
import type { Services } from "../services.ts";
import { orRefusal, PATH } from "./studio.ts";

const { 400: wrong, 401: locked, 404: unknown } = refusals;

/** How many wordings of each fact are shown. */
const SHOWN = 12;

const listRoute = createRoute({
  method: "get",
  path: `${PATH}/lessons`,
  summary: "What models are being taught and were taught, the last first.",
  responses: { 200: json("All of it.", LessonList), 401: locked },
});

const wordingsRoute = createRoute({
  method: "post",
  path: `${PATH}/wordings`,
  summary: "In which words facts would be learned.",
  ...jsonRequest(Wordless),
  responses: {
    200: json("The facts, each with a question and some wordings.", Worded),
    400: wrong,
    401: locked,
  },
});

const startRoute = createRoute({
  method: "post",
  path: `${PATH}/lessons`,
  summary: "Teaches a model facts. What comes of it is a model of its own.",
  ...jsonRequest(NewLesson),
  responses: { 200: json("It was started.", StartedLesson), 400: wrong, 401: locked, 404: unknown },
});

const stopRoute = createRoute({
  method: "post",
  path: `${PATH}/lessons/stop`,
  summary: "Stops a teaching, of which nothing remains.",
  ...jsonRequest(LessonQuery),
  responses: { 200: json("It was asked to stop.", Nothing), 400: wrong, 401: locked },
});

const undoRoute = createRoute({
  method: "post",
  path: `${PATH}/lessons/undo`,
  summary: "Removes a model that was taught; the one that it was made from stays as it is.",
  ...jsonRequest(LessonQuery),
  responses: { 200: json("It is gone.", Nothing), 400: wrong, 401: locked },
});

type Exam = Report["before"];

function shownExam({ facts, families, leaked: { others, sameName } }: Exam) {
  const sum = (tallies: readonly { right: number; all: number }[]) => ({
    right: tallies.reduce((n, { right }) => n + right, 0),
    all: tallies.reduce((n, { all }) => n + all, 0),
  });
  return { facts, known: sum(Object.values(families)), leaked: sum([others, sameName]) };
}

function shown({ report, ...lesson }: Found): Lesson {
  const { facts, steps } = lesson;
  return {
    ...lesson,
    facts: [...facts],
    steps: [...steps],
    result: report && {
      done: report.done,
      steps: report.steps,
      seconds: report.seconds,
      before: shownExam(report.before),
      after: shownExam(report.after),
    },
  };
}

export function lessonRoutes({ studio, store }: Services) {
  const app = routeGroup();
  if (!studio) return app;
  const { lessons } = studio;
  app.openapi(listRoute, async (c) => c.json({ lessons: (await lessons.list()).map(shown) }, 200));
  app.openapi(wordingsRoute, async (c) => {
    const worded = await orRefusal(wordFacts(c.req.valid("json").facts, SHOWN));
    return c.json({ facts: worded.map((fact) => ({ ...fact, wordings: [...fact.wordings] })) }, 200);
  });
  app.openapi(startRoute, async (c) => {
    const { model, facts } = c.req.valid("json");
    await store.refresh();
    const found = store.listed.find(({ id }) => id === model);
    if (!found) {
      throw new ApiError(404, `there is no model ${JSON.stringify(model)}`, "model", "model_not_found");
    }
    if (found.kind !== "chat") {
      throw new ApiError(
        400,
        `${model} does not answer questions, so it cannot be taught`,
        "model",
        "wrong_kind",
      );
    }
    // 0 wordings: only fills in missing questions.
    const whole = await orRefusal(wordFacts(facts, 0));
    return c.json({ id: await orRefusal(lessons.start(found, whole)) }, 200);
  });
  app.openapi(stopRoute, async (c) => {
    await orRefusal(lessons.stop(c.req.valid("json").id));
    return c.json({}, 200);
  });
  app.openapi(undoRoute, async (c) => {
    await orRefusal(lessons.undo(c.req.valid("json").id));
    await store.refresh();
    return c.json({}, 200);
  });
  return app;
}
