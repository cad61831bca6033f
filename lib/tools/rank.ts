/**
 * Runs one rank of a task that several processes share, and says in a line which one it was if the system ends it, as it
 * does when memory runs out, or if it does not start to work with the others. The tasks with `-mpi` start with this:
 *
 *   deno run -P=rank lib/tools/rank.ts ARGUMENTS_OF_DENO...
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { launched } from "../ranks/launcher.ts";
import { openLibc } from "../ranks/libc.ts";
import { REPORT, REPORT_FILE, TOLD } from "../ranks/report.ts";

/** Signals that the rank handles itself; this process outlives it, to give its exit code. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Signals by which people and launchers end processes. */
const ASKED = new Set<string | null>(PASSED_ON);

const child = spawn(Deno.execPath(), Deno.args, {
  stdio: ["inherit", "inherit", "inherit", "pipe"],
  env: { ...Deno.env.toObject(), [REPORT]: `${REPORT_FILE}` },
});

/** A machine on which this small program takes longer than a second to start is that much slower than others. */
const slowness = Math.max(1, performance.now() / 1000);
/** Seconds in which a rank has to begin to join the others, and in which all must have joined. */
const BEGIN = Math.round(20 * slowness), JOIN = Math.round(26 * slowness);

/** Milliseconds in which the launcher ends a rank that has told it to end all. */
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

/** Ends all if after some seconds this rank is no further. */
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
  // Where a whole machine does not start, the others notice. Rank 0 says it first.
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
 * MPICH's launcher sees to it that a rank that fails ends all, but only once that has joined the others, who would wait
 * for it for ever. So it is told, in the language of its Process Management Interface (PMI-1), by which it and the rank
 * have talked. Other launchers need not be told.
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
