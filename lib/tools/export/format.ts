/** The interface of an export format, for `deno task export`. */

/** The model to export. */
export interface Source {
  /** The path as the user gave it. */
  readonly model: string;
  /** The checkpoint's folder, with config.json, or a GGUF file. */
  readonly checkpoint: string;
  /** The value of `--as`, if given. */
  readonly as: string | undefined;
}

export interface ExportFormat {
  /**
   * The default path of the export, without `--out`.
   * @throws {UserError} if the format does not know this `--as`
   */
  place(source: Source): string;
  /** Whether the path holds an export of this format, which may be replaced by a new one. */
  isExport(path: string): Promise<boolean>;
  /**
   * Writes the export, whole or not at all.
   * @returns a short description of what was written
   * @throws {UserError} if the format cannot hold this model, or the file cannot be written
   */
  write(source: Source, out: string): Promise<string>;
}
