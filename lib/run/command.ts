/** What was typed, and the commands that messages propose, with the options that those need. */
export interface Invocation {
  /** The task's name: `pipeline`, or a stage's. */
  readonly task: string;
  readonly config: string;
  /** Overrides of the preset, as `key=value`; `--device` and `--threads` are among them. */
  readonly sets: readonly string[];
  /** The last stage that is run; all of them by default. */
  readonly until?: string;
  /** How many processes a launcher of MPI started; 1 by default, without one. */
  readonly ranks?: number;
  /** The command that goes on after an interruption, where it is not this one with `--resume`. */
  readonly goOn?: string;
}

/** Values of the preset by dotted key; undefined where there is none. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * The command that does something like what was typed.
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

/** `key=value`, the value in YAML that reads back as it. */
export function assignment(key: string, value: unknown): string {
  const plain = typeof value === "string" && /^[a-z][\w./-]*$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return `${key}=${plain ? value : JSON.stringify(value)}`;
}

/** As a shell takes it. */
const quote = (word: string) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
