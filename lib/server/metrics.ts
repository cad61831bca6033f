/** The server's metrics, in Prometheus' text format. */
import client from "prom-client";

export class ServerMetrics {
  readonly #registry = new client.Registry();
  readonly requests = new client.Counter({
    name: "desde_cero_requests_total",
    help: "Requests by route and status.",
    labelNames: ["route", "status"],
    registers: [this.#registry],
  });
  readonly tokens = new client.Counter({
    name: "desde_cero_tokens_total",
    help: "Tokens read (prompt) and written (completion).",
    labelNames: ["kind"],
    registers: [this.#registry],
  });
  readonly cached = new client.Counter({
    name: "desde_cero_cached_prompt_tokens_total",
    help: "Tokens of prompts that were not read, as a cache still held them from an earlier request.",
    registers: [this.#registry],
  });
  readonly firstToken = new client.Histogram({
    name: "desde_cero_first_token_seconds",
    help: "From a request to its first token.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.#registry],
  });
  readonly #active = new client.Gauge({
    name: "desde_cero_sequences",
    help: "Sequences that are generated (active) or wait.",
    labelNames: ["state"],
    registers: [this.#registry],
  });
  readonly #memory = new client.Gauge({
    name: "desde_cero_device_bytes",
    help: "Memory that the models' devices have allocated.",
    registers: [this.#registry],
  });

  async text(load: { active: number; waiting: number }, memory: number): Promise<string> {
    this.#active.set({ state: "active" }, load.active);
    this.#active.set({ state: "waiting" }, load.waiting);
    this.#memory.set(memory);
    return await this.#registry.metrics();
  }
}
