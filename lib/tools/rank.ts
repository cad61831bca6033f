/**
 * Runs one rank of a task that several processes share. If the system kills the rank, as it does when memory runs out,
 * or if the rank does not join the others in time, a line says which rank it was. The `-mpi` tasks start with this:
 *
 *   deno run -P=rank lib/tools/rank.ts ARGUMENTS_OF_DENO...
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { launched } from "../ranks/launcher.ts";
import { openLibc } from "../ranks/libc.ts";
import { REPORT, REPORT_FILE, TOLD } from "../ranks/report.ts";

/** Signals that are passed on to the rank; this process waits for it to end, to return its exit code. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** After these signals, which people and launchers send, the rank's end needs no explanation. */
const ASKED = new Set<string | null>(PASSED_ON);

const child = spawn(Deno.execPath(), Deno.args, {
  stdio: ["inherit", "inherit", "inherit", "pipe"],
  env: { ...Deno.env.toObject(), [REPORT]: `${REPORT_FILE}` },
});

/** How much slower this machine is: the seconds that this small program took to start, at least 1. */
const slowness = Math.max(1, performance.now() / 1000);
/** Seconds within which a rank must begin to join the others, and within which all must have joined. */
const BEGIN = Math.round(20 * slowness), JOIN = Math.round(26 * slowness);

/** Milliseconds after which a rank that is aborting is killed, if the launcher has not ended it. */
const ABORT = 3000;

const rank = launched()?.rank ?? 0;
let told = false;
let step = 0, cut = "", at: "starting" | "joining" | "joined" = "starting";
const decoder = new StringDecoder("utf8");
child.stdio[3]?.on("data", (bytes) => {
  const lines = (cut + decoder.write(bytes)).split("\n");
  cut = lines.pop()!;
  for (const line of lines) {
    if (line === "joining" || line === "joined") at = line;
    else if (line === "aborting") {
      told = true;
      Deno.unrefTimer(setTimeout(() => child.kill("SIGKILL"), ABORT));
    } else step = Number(line);
  }
});

/** Kills this rank, and thereby ends all, if it is still in state `than` after that many seconds. */
function requireFurther(than: typeof at, seconds: number, why: string): void {
  const timer = setTimeout(() => {
    if (at !== than) return;
    console.error(`error: rank ${rank} on ${Deno.hostname()}: ${why} after ${seconds} s`);
    told = true;
    child.kill("SIGKILL");
  }, 1000 * seconds);
  Deno.unrefTimer(timer);
}
if (launched()) {
  requireFurther("starting", BEGIN, "see what its machine waits for: it has not begun to join the others");
  // If a whole machine does not start, the other ranks notice. Rank 0 reports it a second before them.
  const others = "see to the machines of the others: some have not started, or cannot be reached,";
  requireFurther("joining", JOIN + Number(rank > 0), others);
}

let passedOn = false;
for (const signal of PASSED_ON) {
  Deno.addSignalListener(signal, () => {
    passedOn = true;
    child.kill(signal);
  });
}

/**
 * Asks MPICH's launcher to end all ranks. By itself, it does so only if the rank that failed had already joined; before
 * that, the others would wait for ever. The command goes over the connection between launcher and rank, in the Process
 * Management Interface's protocol (PMI-1). Other launchers do not need it.
 */
function endOthers(): void {
  const file = Deno.env.get("PMI_FD");
  const command = new TextEncoder().encode("cmd=abort exitcode=1\n");
  if (file) openLibc()?.write(Number(file), command, BigInt(command.length));
}

child.on("close", (code, signal) => {
  if (signal && !told && !(passedOn && ASKED.has(signal))) {
    const memory = signal === "SIGKILL" ? ", as the system does when memory runs out" : "";
    console.error(
      `error: rank ${rank} on ${Deno.hostname()}${
        step ? `, step ${step}` : ""
      }: it was ended by ${signal}${memory}; ` +
        "the checkpoint before is whole: go on with --resume",
    );
  }
  const failed = code !== 0 && !passedOn;
  setTimeout(() => {
    if (failed) endOthers();
    Deno.exit(code ?? 128 + constants.signals[signal!]);
  }, failed ? TOLD : 0);
});
