/**
 * The server with the right to train and to teach: the chat page and the API of `serve`, and pages that start stages.
 *
 *   deno task studio           then the address that it prints
 *   deno task studio --help
 *
 * It listens on this machine alone, and its address has a token. What it starts are tasks of their own, which go on when
 * it ends; their presets are in configs/, and everything can go on in a terminal.
 */
import { UserError } from "./lib/errors.ts";
import { deviceFlag, numberFlag, runProgram } from "./lib/run/flags.ts";
import { createApp } from "./lib/server/app.ts";
import { Faq } from "./lib/server/faq.ts";
import { ModelStore } from "./lib/server/models.ts";
import { removeDeleted } from "./lib/studio/removal.ts";
import { Studio } from "./lib/studio/studio.ts";
import { openDoor, PATIENCE, untilStopped } from "./serve.ts";

const HELP =
  `Serves a page on which models are trained on texts of your own and taught facts, beside the chat page.
It listens on this machine alone, and the address that it prints has a token: whoever has it may start trainings.

Usage: deno task studio [options]

  --port N       (8000; PORT)
  --device NAME  what answers are computed on: auto, cpu or webgpu (auto; DEVICE)
  -h, --help     this text

What is started goes on when the page or the studio is closed. Texts are kept in data/texts, presets in configs/ and
models in models/, so that everything can go on in a terminal. Names in capitals are environment variables.`;

const program = { ...{ name: "studio", help: HELP }, values: ["port", "device"] } as const;

/** Sequences written at the same time and waiting, connections, seconds of a request, milliseconds for a shutdown. */
const LIMITS = { rows: 16, queue: 64, connections: 64, seconds: 60, shutdown: 2000 };

await runProgram(program, async (flags) => {
  const env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
  const port = numberFlag("port", flags.port ?? env("PORT", "8000"), 0, true);
  if (port > 65535) throw new UserError(`--port ${port}: expected at most 65535`);
  const { rows, queue, connections, seconds, shutdown } = LIMITS;
  const store = await ModelStore.find("models", deviceFlag(flags.device ?? env("DEVICE", "auto")), {
    ...{ rows, queue },
    mayBeEmpty: true,
  });
  await removeDeleted();
  const studio = new Studio(), stopping = new AbortController();
  const app = createApp({
    ...{ store, studio, stopping: stopping.signal },
    faq: await Faq.read("configs/faq.yaml"),
    origins: [],
    timeLimit: seconds,
    stages: async () => (await import("./stages/pipeline.ts")).pipeline.stages,
  });
  const door = await openDoor({ hostname: "localhost", port, connections, ...PATIENCE }, app.fetch);
  console.log(`Desde Cero's studio: http://localhost:${door.port}/studio?token=${studio.token}`);
  console.log("What it starts goes on when it ends; Ctrl-C ends it.");
  await untilStopped(door, { shutdownLimit: shutdown, stopping });
});
