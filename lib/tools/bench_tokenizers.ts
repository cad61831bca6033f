/**
 * `deno task bench tokenizers`: generates text with as many different words as a large corpus has, learns a vocabulary
 * of each kind from it, and encodes part of it. Each kind runs in its own process, so that peak memory is measured for
 * each.
 */
import process from "node:process";
import { join } from "@std/path";
import { Dice } from "../data/corpus/testing.ts";
import { readLines } from "../data/lines.ts";
import { TOKENIZER_KINDS, type TokenizerKind, vocabularyBuilder } from "../text/tokenizer.ts";
import { peakMemory } from "./bench_corpus.ts";

const FOLDER = "data/processed/bench-tokenizers";
/** Number of tokens in each vocabulary. */
const SIZE = 8192;
/** Number of different rare words, and the share of a text's words that are rare. */
const RARE = 500_000, RARE_SHARE = 0.1;
/** MB of text to encode. */
const ENCODED = 20;

const SYLLABLES =
  "ba ce di fo gu la me ni po ru sa te vi jo ñu ás én lí dó zú bra cle tri glo pru can mer sin tor lun ción dad ría"
    .split(" ");

/** Rare word number n; the same number always gives the same word. */
function rareWord(n: number): string {
  let word = "";
  for (let rest = n + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length];
  }
  return word;
}

/** Writes that many MB of documents, one per line: words from data/raw in random order, and rare words among them. */
async function generate(path: string, megabytes: number): Promise<void> {
  const dice = new Dice(1), encoder = new TextEncoder();
  const files = await Array.fromAsync(Deno.readDir("data/raw"));
  const texts = files.map(({ name }) => name).sort().map((name) =>
    Deno.readTextFileSync(join("data/raw", name))
  );
  const words = texts.join(" ").split(/\s+/);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let written = 0; written < megabytes * 1e6;) {
    const lines: string[] = [];
    for (let line = 0; line < 200; line++) {
      const drawn = Array.from({ length: 700 }, () => {
        if (!dice.chance(RARE_SHARE)) return dice.pick(words);
        // Some rare words are rarer than others.
        return rareWord(Math.floor(RARE * (dice.below(2 ** 24) / 2 ** 24) ** 2));
      });
      lines.push(drawn.join(" ") + "\n");
    }
    const bytes = encoder.encode(lines.join(""));
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    written += bytes.length;
  }
}

interface Measured {
  readonly kind: TokenizerKind;
  readonly size: number;
  /** Seconds for reading and counting, and for building the vocabulary. */
  readonly count_s: number;
  readonly build_s: number;
  readonly peak_mib: number;
  readonly encode_mb_per_s: number;
  /** The same per second of processor time, because a program gets less than a core on a busy machine. */
  readonly encode_mb_per_cpu_s: number;
  readonly bytes_per_token: number;
}

async function measure(path: string, kind: TokenizerKind): Promise<Measured> {
  const started = performance.now(), builder = vocabularyBuilder(kind), encoder = new TextEncoder();
  const documents: string[] = [];
  let held = 0;
  for await (const line of readLines(path, "")) {
    builder.add(line);
    if (held < ENCODED * 1e6) held += documents[documents.push(line) - 1].length;
  }
  const counted = performance.now();
  const tokenizer = builder.build({ minCount: 1, always: "", size: SIZE });
  const built = performance.now();
  const bytes = documents.reduce((sum, text) => sum + encoder.encode(text).length, 0);
  const began = performance.now(), cpu = process.cpuUsage();
  let tokens = 0;
  for (const text of documents) tokens += tokenizer.encode(text).length;
  const { user, system } = process.cpuUsage(cpu);
  return {
    kind,
    size: tokenizer.size,
    count_s: (counted - started) / 1000,
    build_s: (built - counted) / 1000,
    peak_mib: peakMemory(),
    encode_mb_per_s: bytes / 1000 / (performance.now() - began),
    encode_mb_per_cpu_s: bytes / (user + system),
    bytes_per_token: bytes / tokens,
  };
}

async function inOwnProcess(path: string, kind: TokenizerKind): Promise<Measured> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=bench", import.meta.filename!, path, kind],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

export async function benchTokenizers(
  { megabytes, json }: { megabytes: number; json: boolean },
): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  try {
    const path = join(FOLDER, "text.txt");
    await generate(path, megabytes);
    for (const kind of TOKENIZER_KINDS) {
      const result = await inOwnProcess(path, kind);
      if (json) {
        console.log(JSON.stringify({ megabytes, ...result }));
        continue;
      }
      const { size, count_s, build_s, peak_mib, bytes_per_token } = result;
      const fixed = (n: number, width: number) => n.toFixed(1).padStart(width);
      console.log(
        `${kind.padEnd(9)} ${String(size).padStart(5)} tokens  learned in ${fixed(count_s + build_s, 6)} s ` +
          `(${fixed(count_s, 4)} s of it counting)  peak ${peak_mib.toFixed(0).padStart(4)} MiB  ` +
          `encodes ${fixed(result.encode_mb_per_s, 5)} MB/s (${
            fixed(result.encode_mb_per_cpu_s, 5)
          } MB by second of ` +
          `processor time), ${bytes_per_token.toFixed(2)} bytes a token`,
      );
    }
  } finally {
    await Deno.remove(FOLDER, { recursive: true });
  }
}

if (import.meta.main) {
  const [path, kind] = Deno.args;
  console.log(JSON.stringify(await measure(path, kind as TokenizerKind)));
}
