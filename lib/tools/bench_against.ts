/** Runs other programs' benchmarks, for comparison with ours. */
import { UserError } from "../errors.ts";

/**
 * Runs a command with flags, in a shell.
 * @returns the numbers in the last line of JSON that it prints
 * @throws {UserError} if it fails, or a number is missing
 */
export async function runOther<K extends string>(
  command: string,
  values: Readonly<Record<string, string | number>>,
  wanted: readonly K[],
): Promise<Record<K, number>> {
  const quoted = (value: string | number) => `'${String(value).replaceAll("'", `'\\''`)}'`;
  const flags = Object.entries(values).map(([key, value]) => `--${key} ${quoted(value)}`).join(" ");
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `${command} ${flags}`],
  }).output();
  const line = new TextDecoder().decode(stdout).trim().split("\n").findLast((l) => l.startsWith("{"));
  const result = line && JSON.parse(line);
  if (success && result && wanted.every((key) => typeof result[key] === "number")) return result;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new UserError(`--against: ${said || `no JSON line with ${wanted.join(" and ")}`}`);
}
