/** The chat page, with its scripts and styles, and those that all pages share. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routeGroup } from "../openapi.ts";
import alternatives from "../page/alternatives.js" with { type: "text" };
import answering from "../page/answering.js" with { type: "text" };
import card from "../page/card.js" with { type: "text" };
import client from "../page/client.js" with { type: "text" };
import clipboard from "../page/clipboard.js" with { type: "text" };
import conversations from "../page/conversations.js" with { type: "text" };
import dom from "../page/dom.js" with { type: "text" };
import drawing from "../page/drawing.js" with { type: "text" };
import events from "../page/events.js" with { type: "text" };
import failure from "../page/failure.js" with { type: "text" };
import files from "../page/files.js" with { type: "text" };
import format from "../page/format.js" with { type: "text" };
import frame from "../page/frame.js" with { type: "text" };
import icons from "../page/icons.js" with { type: "text" };
import labels from "../page/labels.js" with { type: "text" };
import list from "../page/list.js" with { type: "text" };
import numbers from "../page/numbers.js" with { type: "text" };
import picture from "../page/picture.js" with { type: "text" };
import questions from "../page/questions.js" with { type: "text" };
import settings from "../page/settings.js" with { type: "text" };
import storage from "../page/storage.js" with { type: "text" };
import toast from "../page/toast.js" with { type: "text" };
import tokens from "../page/tokens.js" with { type: "text" };
import tour from "../page/tour.js" with { type: "text" };
import trace from "../page/trace.js" with { type: "text" };
import turns from "../page/turns.js" with { type: "text" };
import baseStyle from "../page/base.css" with { type: "text" };
import chatStyle from "../page/chat.css" with { type: "text" };
import frameStyle from "../page/frame.css" with { type: "text" };
import sideStyle from "../page/side.css" with { type: "text" };
import tokensStyle from "../page/tokens.css" with { type: "text" };
import tourStyle from "../page/tour.css" with { type: "text" };
import turnsStyle from "../page/turns.css" with { type: "text" };
import { serveAssets } from "../page/assets.ts";
import { languageOf } from "../page/frame.tsx";
import { page } from "../page/page.tsx";
import type { Services } from "../services.ts";

const scripts = {
  alternatives,
  answering,
  card,
  client,
  clipboard,
  conversations,
  dom,
  drawing,
  events,
  failure,
  files,
  format,
  frame,
  icons,
  labels,
  list,
  numbers,
  picture,
  questions,
  settings,
  storage,
  toast,
  tokens,
  tour,
  trace,
  turns,
};
const styles = {
  base: baseStyle,
  chat: chatStyle,
  frame: frameStyle,
  side: sideStyle,
  tokens: tokensStyle,
  tour: tourStyle,
  turns: turnsStyle,
};

export function pageRoutes({ store, locked, studio }: Services): OpenAPIHono {
  const app = routeGroup();
  app.get("/", async (c) => {
    await store.refresh();
    const language = languageOf(c);
    return c.html(page({ models: store.listed, locked, studio: studio !== null, language }));
  });
  serveAssets(app, { scripts, styles });
  return app;
}
