/**
 * Simulates several machines on one: Linux network namespaces, each with a name of its own, joined by a switch. Ranks
 * in different ones reach each other by TCP only, over a link of 1 Gbit/s and 5 ms (no delay if the kernel lacks
 * netem). Requires root, iproute2 (`ip`, `tc`) and util-linux (`unshare`).
 */
import type { Family } from "./launcher.ts";
import { ENVIRONMENT, type Launcher, type Part } from "./testing.ts";

/** Set in CI, where a failure to make the hosts fails the tests instead of skipping some. */
const REQUIRED = "DESDE_CERO_REQUIRE_NETNS";

const NETWORK = "10.77.0";

/** Arguments: a prefix for names, and the number of hosts. Prints the kind of their links. */
const MAKE = `set -e
ip netns add $1-0
ip -n $1-0 link add switch type bridge
ip -n $1-0 link set switch up
for host in $(seq $2); do
  ip netns add $1-$host
  ip link add eth0 netns $1-$host type veth peer name port$host netns $1-0
  ip -n $1-0 link set port$host master switch up
  ip -n $1-$host addr add ${NETWORK}.$host/24 dev eth0
  ip -n $1-$host link set lo up
  ip -n $1-$host link set eth0 up
  ip netns exec $1-$host sh -c 'echo 3 > /proc/sys/net/ipv4/tcp_retries2'
  if tc -n $1-$host qdisc add dev eth0 root netem rate 1gbit delay 5ms limit 20000 2>/dev/null
  then kind='1 Gbit/s and 5 ms'
  else tc -n $1-$host qdisc add dev eth0 root tbf rate 1gbit burst 256kb latency 50ms; kind='1 Gbit/s'
  fi
done
echo "$kind"`;

/** Kills the processes on the hosts, and deletes the hosts. */
const REMOVE = `for host in $(seq 0 $2); do
  ip netns pids $1-$host | xargs -r kill -9
  ip netns del $1-$host
done 2>/dev/null; true`;

/** Stands in for ssh: takes options, an address, and a command to run there. PREFIX stands for the names' prefix. */
const AGENT = `#!/bin/sh
while case "$1" in -*) true ;; *) false ;; esac; do shift; done
host=\${1##*.}
shift
exec ip netns exec PREFIX-$host unshare --uts sh -c "hostname node$host; $*"
`;

/** Each launcher's options for hosts, and for using their links: otherwise it takes them for one machine. */
const REMOTE: Readonly<Record<Family, (hosts: readonly string[], agent: string) => string[]>> = {
  "MPICH": (hosts, agent) => [
    ...["-launcher", "ssh", "-launcher-exec", agent, "-iface", "eth0", "-hosts", hosts.join(",")],
  ],
  "Open MPI": (hosts, agent) => [
    ...[
      "--mca",
      "plm_rsh_agent",
      agent,
      "--mca",
      "pml",
      "ob1",
      "--mca",
      "btl",
      "tcp,self",
      "--mca",
      "btl_tcp_if_include",
      "eth0",
    ],
    ...["--mca", "oob_tcp_if_include", "eth0", "--host", hosts.map((host) => `${host}:1`).join(",")],
  ],
};

export class Hosts implements AsyncDisposable {
  readonly #prefix: string;
  readonly #hosts: number;
  readonly #agent: string;
  /** Describes the hosts' links, for people. */
  readonly links: string;

  /** @throws {Error} if the system does not permit it, or a program is missing */
  static async open(hosts: number): Promise<Hosts> {
    const prefix = `dc${Deno.pid}-${crypto.randomUUID().slice(0, 4)}`;
    const links = await shell(MAKE, prefix, `${hosts}`).catch(async (error) => {
      await shell(REMOVE, prefix, `${hosts}`);
      throw error;
    });
    const agent = await Deno.makeTempFile();
    await Deno.writeTextFile(agent, AGENT.replace("PREFIX", prefix));
    await Deno.chmod(agent, 0o755);
    return new Hosts(prefix, hosts, agent, links);
  }

  private constructor(prefix: string, hosts: number, agent: string, links: string) {
    this.#prefix = prefix;
    this.#hosts = hosts;
    this.#agent = agent;
    this.links = links;
  }

  /** Starts a program with one rank on each host. The launcher runs on the first one. */
  start({ family, command }: Launcher, args: Part["args"], cwd: string): Deno.ChildProcess {
    const addresses = Array.from({ length: this.#hosts }, (_, i) => `${NETWORK}.${i + 1}`);
    const remote = REMOTE[family](addresses, this.#agent);
    const launch = [command, ...remote, "-n", `${this.#hosts}`, Deno.execPath(), ...args];
    return new Deno.Command("ip", {
      args: [
        ...["netns", "exec", `${this.#prefix}-1`, "unshare", "--uts"],
        ...["sh", "-c", 'hostname node1; exec "$@"', "sh", ...launch],
      ],
      cwd,
      env: { NO_COLOR: "1", ...ENVIRONMENT[family], UCX_TLS: "tcp,self", UCX_NET_DEVICES: "eth0" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Cuts a host's link, counted from 1, without telling anybody; `up` restores it. */
  async setLink(host: number, state: "up" | "down"): Promise<void> {
    await shell('ip -n "$1-0" link set "port$2" "$3"', this.#prefix, `${host}`, state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await shell(REMOVE, this.#prefix, `${this.#hosts}`);
    await Deno.remove(this.#agent);
  }
}

async function shell(script: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", script, "sh", ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout).trim();
}

/** The kind of links that hosts have here. Null if none can be made; an ignored test says why, and in CI it is an error. */
export async function linksOfHosts(): Promise<string | null> {
  try {
    await using hosts = await Hosts.open(1);
    return hosts.links;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (Deno.env.get(REQUIRED)) {
      throw new Error(`${REQUIRED} is set, but no network namespaces can be made: ${why}`);
    }
    Deno.test({
      name:
        `ranks on several hosts: ignored, no network namespaces can be made (${why}; it takes root and iproute2)`,
      ignore: true,
      fn() {},
    });
    return null;
  }
}
