/**
 * The door of the server: it accepts connections, and limits their number and how long they may stay.
 *
 * Deno.serve limits neither times nor connections, and it ends when file descriptors run out. So the door accepts
 * connections itself and passes their bytes on to a Deno.serve that only this process can reach. The remote port of a
 * request there identifies its connection; a connection without a request is idle or still sends its headers.
 */
import { describe } from "../errors.ts";
import { noteArrival, watchNetwork } from "../event_loop.ts";
import { fileDescriptors } from "./file_descriptors.ts";

export interface DoorOptions {
  readonly hostname: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Most connections at a time; further ones wait until one leaves. */
  readonly connections: number;
  /** Milliseconds in which the headers of a request must arrive. */
  readonly headers: number;
  /** Milliseconds that a connection may be idle between two requests. */
  readonly idle: number;
  /** Milliseconds for which a client may stop reading. */
  readonly stalled: number;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** Descriptors per connection: the client's socket and both ends of the one to Deno.serve. */
const DESCRIPTORS = 3;
/** Descriptors that stay free for the door itself and for opening models. */
const SPARE = 14;
/** Milliseconds between checks of the connections, and before accepting is tried again. */
const PAUSE = 100;
/** A connection that has been idle for less than this, in milliseconds, is not closed to make room. */
const YOUNG = 1000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

class Connection {
  /** Requests whose answers are not complete. */
  requests = 0;
  /** Whether it has had a request. */
  used = false;
  /** Time of the last of these: it was opened, an answer was completed, the first byte after that arrived. */
  since = performance.now();
  /** Whether bytes have come since the last answer was complete. */
  begun = false;
  /** When the client stopped reading, or null. */
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
      // If either side breaks off, the connection ends.
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
    await new Promise(() => {}); // never: #toClient ends when the answer is complete
  }

  async #toClient(): Promise<void> {
    const bytes = new Uint8Array(16384);
    for (let n = await this.#server.read(bytes); n !== null; n = await this.#server.read(bytes)) {
      this.stalledSince = performance.now();
      await writeAll(this.#client, bytes.subarray(0, n));
      this.stalledSince = null;
    }
  }

  /** Lets the current answer finish, and no request after it. */
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
  /** Connections by their local port towards Deno.serve. */
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

  /** Prints an error, at most once a minute. */
  #complain(error: unknown): void {
    if (performance.now() - this.#complained < 60_000) return;
    this.#complained = performance.now();
    console.error(`connections have to wait: ${describe(error)}`);
  }

  /** Closes the connection that has been idle the longest, unless it is still young. */
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
   * Accepts no more connections, and lets answers and requests in progress finish.
   * @param limit milliseconds after which unfinished ones are broken off
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
