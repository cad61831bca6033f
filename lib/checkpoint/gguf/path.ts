/** Which paths are GGUF files. */

/** Whether a path is a GGUF file's, by its name; it may not be there. */
export const isGguf = (path: string) => path.endsWith(".gguf");

/** The file in a folder that stands for the model there. */
export const GGUF_FILE = "model.gguf";
