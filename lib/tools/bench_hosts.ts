/**
 * Runs bench-mpi on simulated machines, one rank on each, which only a link of 1 Gbit/s joins (lib/ranks/testing_hosts.ts).
 * Takes root, and Open MPI:
 *
 *   deno run -A lib/tools/bench_hosts.ts HOSTS [options of bench-mpi]
 */
import { Hosts } from "../ranks/testing_hosts.ts";
import { finish, testLaunchers } from "../ranks/testing.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FLAGS = "--v8-flags=--experimental-wasm-revectorize";

const [hosts, ...options] = Deno.args;
const launcher = (await testLaunchers()).find(({ family }) => family === "Open MPI");
if (!launcher) throw new Error("Open MPI is not installed: apt-get install openmpi-bin");
await using machines = await Hosts.open(Number(hosts));
console.error(`${hosts} machines, links of ${machines.links}`);
const args = ["run", "-q", "-P=mpi", FLAGS, `--config=${ROOT}deno.json`, `${ROOT}lib/tools/bench_ranks.ts`];
const { code, output } = await finish(machines.start(launcher, [...args, ...options], ROOT));
console.log(output.trim());
Deno.exitCode = code;
