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
/** How V8 ends a process when its heap is full. Which of these it is depends on how it was compiled. */
const FULL_HEAP = new Set(["SIGTRAP", "SIGABRT", "SIGILL"]);

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
/** Milliseconds that leaving the other ranks may take: MPICH over UCX sometimes waits forever in MPI_Finalize. */
const LEAVE = 5000;

const rank = launched()?.rank ?? 0;
let told = false;
/** The exit code of a rank that did not manage to leave the others. */
let left: number | undefined;
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
    } else if (line.startsWith("leaving")) {
      Deno.unrefTimer(setTimeout(leave, LEAVE, Number(line.split(" ")[1])));
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
 * Tells MPICH's launcher something in place of the rank, in the Process Management Interface's protocol (PMI-1). Other
 * launchers do not need it.
 */
function tellLauncher(command: string): void {
  const file = Deno.env.get("PMI_FD");
  const line = new TextEncoder().encode(`${command}\n`);
  if (file) openLibc()?.write(Number(file), line, BigInt(line.length));
}

/** Ends a rank that has done its work. The launcher, told that it has left, takes its end for the usual one. */
function leave(code: number): void {
  left = code;
  tellLauncher("cmd=finalize");
  child.kill("SIGKILL");
}

/** What the signal that ended a rank says about memory. */
function memoryOf(signal: string): string {
  if (signal === "SIGKILL") return ", as the system does when memory runs out";
  return FULL_HEAP.has(signal) ? ", as V8 does when its heap is full" : "";
}

child.on("close", (ended, signal) => {
  const code = left ?? ended;
  if (code === null && !told && !(passedOn && ASKED.has(signal))) {
    console.error(
      `error: rank ${rank} on ${Deno.hostname()}${step ? `, step ${step}` : ""}: it was ended by ${signal}` +
        `${memoryOf(signal!)}; the checkpoint before is whole: go on with --resume`,
    );
  }
  const failed = code !== 0 && !passedOn;
  setTimeout(() => {
    // By itself, MPICH's launcher ends the others only if the rank that failed had joined them; before that, they would
    // wait for ever.
    if (failed) tellLauncher(`cmd=abort exitcode=${code ?? 1}`);
    Deno.exit(code ?? 128 + constants.signals[signal!]);
  }, failed ? TOLD : 0);
});
