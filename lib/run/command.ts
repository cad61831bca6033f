/** The command that was typed, and commands for messages to propose, with the options that they need. */
export interface Invocation {
  /** The task's name: `pipeline`, or a stage's. */
  readonly task: string;
  readonly config: string;
  /** Overrides of the preset, as `key=value`; `--device` and `--threads` are among them. */
  readonly sets: readonly string[];
  /** The last stage to run; all stages by default. */
  readonly until?: string;
  /** The number of processes started by a launcher of MPI; 1 by default. */
  readonly ranks?: number;
  /** The command that resumes after an interruption, if it is not this one with `--resume`. */
  readonly goOn?: string;
}

/** Values of the preset by dotted key; undefined for a key that is not set. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * A command like the one that was typed, with changes.
 * @param changes.values overrides that replace those of the same keys; undefined leaves a key out
 */
export function commandLine(
  { task, config, sets, until, ranks = 1 }: Invocation,
  changes: { readonly task?: string; readonly values?: Values; readonly flags?: readonly string[] } = {},
): string {
  const { values = {}, flags = [] } = changes;
  const keyOf = (set: string) => set.slice(0, set.indexOf("="));
  const all = [
    ...sets.filter((set) => !(keyOf(set) in values)),
    ...Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [assignment(key, value)]),
  ];
  const options = all.map((set) => {
    const short = /^(device|threads)=(.*)$/.exec(set);
    return short ? `--${short[1]} ${quote(short[2])}` : `--set ${quote(set)}`;
  });
  const own = (changes.task ?? task) === task;
  const command = ranks > 1 && own
    ? `mpiexec -n ${ranks} deno task ${task}-mpi`
    : `deno task ${changes.task ?? task}`;
  const ending = until && own ? ["--until", until] : [];
  return [command, "--config", quote(config), ...options, ...ending, ...flags].join(" ");
}

/** `key=value`, with the value in YAML that parses back to it. */
export function assignment(key: string, value: unknown): string {
  const plain = typeof value === "string" && /^[a-z][\w./-]*$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return `${key}=${plain ? value : JSON.stringify(value)}`;
}

/** Quotes a word for a shell, if it needs quotes. */
const quote = (word: string) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
