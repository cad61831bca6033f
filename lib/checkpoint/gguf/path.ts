/** Tells GGUF files by their paths. */

/** Whether a path names a GGUF file; the file need not exist. */
export const isGguf = (path: string) => path.endsWith(".gguf");

/** The GGUF file that is taken as the model of its folder. */
export const GGUF_FILE = "model.gguf";
