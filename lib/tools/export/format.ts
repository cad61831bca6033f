/** What `deno task export` has to know of a format. */

/** What is exported. */
export interface Source {
  /** As it was given. */
  readonly model: string;
  /** The checkpoint that it stands for, with its config.json, or a GGUF file. */
  readonly checkpoint: string;
  /** `--as`, if it was given. */
  readonly as: string | undefined;
}

export interface ExportFormat {
  /**
   * Where the export goes unless `--out` says.
   * @throws {UserError} if the format has no such `--as`
   */
  place(source: Source): string;
  /** Whether what stands at a path is such an export, which another may replace. */
  isExport(path: string): Promise<boolean>;
  /**
   * Writes the export, whole or not at all.
   * @returns what was written, in some words
   * @throws {UserError} if the format has no such model, or the system refuses
   */
  write(source: Source, out: string): Promise<string>;
}
