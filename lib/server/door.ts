/**
 * The door of the server: it accepts connections, and decides how many there may be and how long they may stay.
 *
 * Deno.serve has no time limits and no limit of connections, and running out of file descriptors ends it. So the door
 * accepts connections itself, and passes their bytes on to a Deno.serve that only this process talks to. A request's
 * address there says which connection it came by; a connection without one is idle, or sends its headers.
 */
import { describe } from "../errors.ts";
import { noteArrival, watchNetwork } from "../event_loop.ts";
import { fileDescriptors } from "./file_descriptors.ts";

export interface DoorOptions {
  readonly hostname: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Connections at the same time; more wait until one of them leaves. */
  readonly connections: number;
  /** Milliseconds that the headers of a request may take. */
  readonly headers: number;
  /** Milliseconds that a connection may be idle between two requests. */
  readonly idle: number;
  /** Milliseconds for which a client may take nothing of what is sent to it. */
  readonly stalled: number;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** Of a connection: the client's socket, the one to Deno.serve and the one that Deno.serve has. */
const DESCRIPTORS = 3;
/** Descriptors that stay free for the door itself and for models that are opened. */
const SPARE = 14;
/** Milliseconds between two looks at the connections, and before accepting is tried again. */
const PAUSE = 100;
/** A connection that was idle for less, in milliseconds, need not make room for another. */
const YOUNG = 1000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

class Connection {
  /** Requests whose answers are not complete. */
  requests = 0;
  /** Whether it has had a request. */
  used = false;
  /** When it was opened, its last answer was complete, or the first byte after that came. */
  since = performance.now();
  /** Whether bytes have come since the last answer was complete. */
  begun = false;
  /** Since when the client takes nothing, or null. */
  stalledSince: number | null = null;
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;

  constructor(client: Deno.TcpConn, server: Deno.TcpConn) {
    this.#client = client;
    this.#server = server;
    client.setNoDelay(true);
    server.setNoDelay(true);
  }

  /** Passes bytes on, both ways, until either side is done. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.#toClient(), this.#toServer()]);
    } catch {
      // A side that breaks off ends the connection.
    } finally {
      this.close();
    }
  }

  async #toServer(): Promise<void> {
    const bytes = new Uint8Array(16384);
    for (let n = await this.#client.read(bytes); n !== null; n = await this.#client.read(bytes)) {
      if (this.requests === 0 && !this.begun) {
        this.begun = true;
        this.since = performance.now();
      }
      noteArrival();
      await writeAll(this.#server, bytes.subarray(0, n));
    }
    await this.drain();
    await new Promise(() => {}); // until the answer, which may go on, is complete
  }

  async #toClient(): Promise<void> {
    const bytes = new Uint8Array(16384);
    for (let n = await this.#server.read(bytes); n !== null; n = await this.#server.read(bytes)) {
      this.stalledSince = performance.now();
      await writeAll(this.#client, bytes.subarray(0, n));
      this.stalledSince = null;
    }
  }

  /** Lets the answer come to its end, and no request after it. */
  drain(): Promise<void> {
    return this.#server.closeWrite().catch(() => {});
  }

  answered(): void {
    this.requests--;
    this.used = true;
    this.begun = false;
    this.since = performance.now();
  }

  close(): void {
    for (const side of [this.#client, this.#server]) {
      try {
        side.close();
      } catch {
        // It is closed already.
      }
    }
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

export class Door {
  readonly #options: DoorOptions;
  readonly #handler: Handler;
  readonly #listener: Deno.TcpListener;
  /** By the port that a connection has towards Deno.serve. */
  readonly #connections = new Map<number, Connection>();
  #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #clock: ReturnType<typeof setInterval>;
  #unwatch = () => {};
  #closing = false;
  #complained = -Infinity;

  private constructor(options: DoorOptions, handler: Handler) {
    const { used, limit } = fileDescriptors();
    const room = Math.max(2, Math.floor((limit - used - SPARE) / DESCRIPTORS));
    this.#options = { ...options, connections: Math.min(options.connections, room) };
    this.#handler = handler;
    this.#listener = Deno.listen({ hostname: options.hostname, port: options.port });
    this.#server = this.#serve();
    this.#clock = setInterval(() => this.#sweep(), PAUSE);
  }

  /**
   * Opens the door.
   * @throws {Deno.errors.AddrInUse} if the port is taken
   */
  static async open(options: DoorOptions, handler: Handler): Promise<Door> {
    const door = new Door(options, handler);
    door.#unwatch = await watchNetwork();
    door.#accept();
    return door;
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  #serve(): Deno.HttpServer<Deno.NetAddr> {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, info) => {
      const connection = this.#connections.get(info.remoteAddr.port);
      if (!connection) return new Response(null, { status: 403, headers: { connection: "close" } });
      connection.requests++;
      noteArrival();
      const done = () => {
        connection.answered();
        if (this.#closing && connection.requests === 0) connection.drain();
      };
      info.completed.then(done, done);
      return this.#handler(request);
    });
    const again = () => {
      if (!this.#closing) this.#server = this.#serve();
    };
    server.finished.then(again, (error) => {
      this.#complain(error);
      pause().then(again);
    });
    return server;
  }

  async #accept(): Promise<void> {
    while (!this.#closing) {
      if (this.#connections.size >= this.#options.connections) {
        this.#makeRoom();
        await pause();
        continue;
      }
      try {
        await this.#admit(await this.#listener.accept());
      } catch (error) {
        if (this.#closing) return;
        this.#complain(error);
        this.#makeRoom();
        await pause();
      }
    }
  }

  async #admit(client: Deno.TcpConn): Promise<void> {
    noteArrival();
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#server.addr.port });
    } catch (error) {
      client.close();
      throw error;
    }
    noteArrival();
    const connection = new Connection(client, server);
    const { port } = server.localAddr;
    this.#connections.set(port, connection);
    connection.run().finally(() => this.#connections.delete(port));
  }

  /** Says what goes wrong, once a minute. */
  #complain(error: unknown): void {
    if (performance.now() - this.#complained < 60_000) return;
    this.#complained = performance.now();
    console.error(`connections have to wait: ${describe(error)}`);
  }

  /** Closes the connection that has been idle for longest, if that is not a moment ago. */
  #makeRoom(): void {
    const idle = [...this.#connections.values()].filter(({ requests }) => requests === 0);
    const oldest = idle.sort((a, b) => a.since - b.since)[0];
    if (oldest && performance.now() - oldest.since > YOUNG) oldest.close();
  }

  #sweep(): void {
    const now = performance.now();
    const { headers, idle, stalled } = this.#options;
    for (const connection of this.#connections.values()) {
      const { requests, used, begun, since, stalledSince } = connection;
      const silent = requests === 0 && now - since > (used && !begun ? idle : headers);
      if (silent || (stalledSince !== null && now - stalledSince > stalled)) connection.close();
    }
  }

  /**
   * Accepts nobody more, and lets answers, and requests that have begun to come, get to their ends.
   * @param limit milliseconds after which those that have not are broken off
   */
  async close(limit: number): Promise<void> {
    this.#closing = true;
    this.#listener.close();
    for (const connection of this.#connections.values()) {
      if (connection.requests === 0 && !connection.begun) connection.close();
    }
    const end = performance.now() + limit;
    while (this.#connections.size > 0 && performance.now() < end) await pause();
    for (const connection of this.#connections.values()) connection.close();
    clearInterval(this.#clock);
    await this.#server.shutdown();
    this.#unwatch();
  }
}
