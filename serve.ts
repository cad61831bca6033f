/**
 * The chat page and the API.
 *
 *   deno task serve            then http://localhost:8000
 *   deno task serve --help
 */
import { UserError } from "./lib/errors.ts";
import { createApp } from "./lib/server/app.ts";
import { Door, type DoorOptions } from "./lib/server/door.ts";
import { Faq } from "./lib/server/faq.ts";
import { ModelStore } from "./lib/server/models.ts";
import { callerPath } from "./lib/run/caller.ts";
import { deviceFlag, numberFlag, runProgram } from "./lib/run/flags.ts";
import { StopSignals } from "./lib/run/stop.ts";

const HELP = `Serves the chat page and an OpenAI-compatible API.

Usage: deno task serve [options]

  --host NAME        where to listen (localhost; HOST)
  --port N           (8000; PORT)
  --models FOLDER    checkpoints (models; MODELS)
  --device NAME      auto, cpu or webgpu (auto; DEVICE)
  --faq FILE         questions with fixed answers (configs/faq.yaml)
  --api-key KEY      requests must bring it as a bearer token (API_KEY)
  --origin URL       another origin whose pages may call the API; repeatable
  --rows N           sequences that are written at the same time, per model (16)
  --queue N          sequences that may wait for that, per model (256)
  --time-limit N     seconds that a request may take (60)
  --connections N    clients that may be connected at the same time (512)
  --shutdown-limit N  seconds that answers may take to end after Ctrl-C or SIGTERM (10)
  -h, --help         this text

Names in capitals are environment variables, which flags override.`;

const program = {
  ...{ name: "serve", help: HELP },
  values: [
    "host",
    "port",
    "models",
    "device",
    "faq",
    "api-key",
    "rows",
    "queue",
    "time-limit",
    "connections",
    "shutdown-limit",
  ],
  lists: ["origin"],
} as const;

/** How long clients may take, in milliseconds. */
export const PATIENCE = { headers: 10_000, idle: 30_000, stalled: 60_000 };

if (import.meta.main) {
  await runProgram(program, async (flags) => {
    const env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
    const port = numberFlag("port", flags.port ?? env("PORT", "8000"), 0, true);
    if (port > 65535) throw new UserError(`--port ${port}: expected at most 65535`);
    const hostname = flags.host ?? env("HOST", "localhost");
    const store = await ModelStore.find(
      flags.models ? callerPath(flags.models) : env("MODELS", "models"),
      deviceFlag(flags.device ?? env("DEVICE", "auto")),
      {
        rows: numberFlag("rows", flags.rows ?? "16", 1, true),
        queue: numberFlag("queue", flags.queue ?? "256", 0, true),
      },
    );
    const stopping = new AbortController();
    const app = createApp({
      store,
      faq: await Faq.read(flags.faq ? callerPath(flags.faq) : "configs/faq.yaml"),
      apiKey: flags["api-key"] ?? Deno.env.get("API_KEY"),
      origins: flags.origin,
      stages: async () => (await import("./stages/pipeline.ts")).pipeline.stages,
      stopping: stopping.signal,
      timeLimit: numberFlag("time-limit", flags["time-limit"] ?? "60", 1, false),
    });
    const number = (name: "connections" | "shutdown-limit", otherwise: string) =>
      numberFlag(name, flags[name] ?? otherwise, name === "connections" ? 1 : 0, name === "connections");
    const shutdownLimit = 1000 * number("shutdown-limit", "10");
    const door = await openDoor(
      { hostname, port, connections: number("connections", "512"), ...PATIENCE },
      app.fetch,
    );
    console.log(`Desde Cero: http://${hostname === "0.0.0.0" ? "localhost" : hostname}:${door.port}`);
    for (const { id, kind } of store.listed) console.log(`  ${id} (${kind})`);
    // The first answer should not wait for the weights.
    store.open(store.listed[0].id)?.catch(() => {}); // the store says why
    await untilStopped(door, { shutdownLimit, stopping });
  });
}

/**
 * Serves until a signal asks to stop, lets answers end, and exits.
 * @param stopping ends answers that would go on without end
 */
export async function untilStopped(
  door: Door,
  { shutdownLimit, stopping }: { readonly shutdownLimit: number; readonly stopping: AbortController },
): Promise<never> {
  await new Promise<void>((resolve) => {
    new StopSignals(true, () => {
      console.log(`finishing what has begun, for ${shutdownLimit / 1000} s at most; again to stop at once`);
      resolve();
    });
  });
  stopping.abort();
  await door.close(shutdownLimit);
  Deno.exit(0);
}

/** @throws {UserError} if the port is taken */
export async function openDoor(
  options: DoorOptions,
  handler: (request: Request) => Response | Promise<Response>,
): Promise<Door> {
  try {
    return await Door.open(options, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new UserError(`port ${options.port} is taken; choose another with --port`);
  }
}
