/** Finds the files that a preset names: paths on disk, URLs, data sets of Hugging Face. */
import { basename, globToRegExp, isGlob, join, normalizeGlob } from "@std/path";
import { UserError } from "../../errors.ts";
import { worldFiles } from "../world/folder.ts";
import type { WorldTexts } from "../world/options.ts";
import type { SourceOptions } from "./options.ts";

/** Extensions of files that can be read; text and JSONL may be compressed. */
export const ENDINGS = [
  ...[".txt", ".jsonl"].flatMap((ending) => ["", ".gz", ".zst"].map((packed) => ending + packed)),
  ".parquet",
];
const readable = (name: string) => ENDINGS.some((ending) => name.endsWith(ending));

/** A file of a source. Files with a URL are fetched, and the world's are made, when they are read. */
export interface SourceFile {
  /** The path or URL, for messages and reports. */
  readonly name: string;
  readonly path?: string;
  readonly remote?: {
    readonly url: string;
    readonly sha256?: string | undefined;
    /** The data set's name; if it is not open, HF_TOKEN must be set in the environment. */
    readonly huggingface?: string;
  };
  readonly world?: WorldTexts;
}

export interface Source {
  readonly weight: number;
  readonly column: string;
  readonly limit: number;
  readonly files: readonly SourceFile[];
}

/** A source as an object; a string is a URL or a path. */
export function parseSource(source: string | SourceOptions): SourceOptions {
  if (typeof source !== "string") return source;
  return /^https?:\/\//.test(source) ? { url: source } : { path: source };
}

/** The files that a path names, sorted and without repeats; of folders and globs, only those that can be read. */
export async function listPath(source: string): Promise<string[]> {
  const found: string[] = [];
  const path: string = normalizeGlob(source); // files are found as a.txt, not as ./a.txt
  if (isGlob(source)) {
    const parts = path.split("/");
    const base = parts.slice(0, parts.findIndex((part) => isGlob(part))).join("/");
    const pattern: RegExp = globToRegExp(path);
    for await (const file of textFiles(base || (path.startsWith("/") ? "/" : "."))) {
      if (pattern.test(file)) found.push(file);
    }
    if (found.length > 0) return found.sort();
    throw new UserError(
      `prepare-corpus.sources: ${source} matches no file that ends in ${ENDINGS.join(", ")}`,
    );
  }
  const info = await Deno.stat(source).catch(() => null);
  if (!info) {
    throw new UserError(
      `prepare-corpus.sources: ${source} does not exist; give a file, a folder, a glob or an address`,
    );
  }
  if (!info.isDirectory) return [path];
  for await (const file of textFiles(path)) found.push(file);
  if (found.length > 0) return found.sort();
  throw new UserError(
    `prepare-corpus.sources: folder ${source} has no file that ends in ${ENDINGS.join(", ")}`,
  );
}

async function* textFiles(folder: string): AsyncGenerator<string> {
  if (!(await Deno.stat(folder).catch(() => null))?.isDirectory) return;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* textFiles(path);
    else if (readable(entry.name)) yield path;
  }
}

/** The sources' files on this machine; they decide whether the stage is up to date. */
export async function listLocal(sources: readonly (string | SourceOptions)[]): Promise<string[]> {
  const parsed = sources.map(parseSource);
  const paths = parsed.flatMap(({ path }) => path === undefined ? [] : [path]);
  const world = parsed.some(({ world }) => world) ? await worldFiles() : [];
  return [...new Set([...(await Promise.all(paths.map(listPath))).flat(), ...world])].sort();
}

/** All sources with their files; a file that several sources name belongs to the first. */
export async function openSources(sources: readonly (string | SourceOptions)[]): Promise<Source[]> {
  const seen = new Set<string>();
  const opened: Source[] = [];
  for (const source of sources) {
    const { path, url, huggingface, world, column, weight, limit, sha256, ...rest } = parseSource(source);
    const files = path !== undefined
      ? (await listPath(path)).map((path) => ({ name: path, path }))
      : url !== undefined
      ? [{ name: url, remote: { url, sha256 } }]
      : world !== undefined
      ? [{ name: `world (${world.megabytes} MB, seed ${world.seed})`, world }]
      : await listDataset(huggingface!, rest.files ?? "**", rest.revision ?? "main");
    opened.push({
      weight: weight ?? 1,
      column: column ?? "text",
      limit: limit ?? Infinity,
      files: files.filter(({ name }) => !seen.has(name) && seen.add(name)),
    });
  }
  return opened;
}

/** The URL of the Hub; HF_ENDPOINT replaces it, as in Hugging Face's own tools. */
const hub = () => (Deno.env.get("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/$/, "");

/** The headers that authenticate requests to the Hub. */
export function hubHeaders(): Record<string, string> {
  const token = Deno.env.get("HF_TOKEN");
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** What to do when the Hub refuses a data set. */
export function refusedByHub(name: string): UserError {
  const how = Deno.env.get("HF_TOKEN")
    ? "HF_TOKEN was refused: accept the data set's terms on its page, or make a new token"
    : "it needs a token: accept the data set's terms on its page and set HF_TOKEN in the environment";
  return new UserError(`prepare-corpus.sources: Hugging Face refuses ${name}; ${how}`);
}

/**
 * A data set's files that match a glob, by the Hub's tree listing: pages of entries, with the address of the
 * next page in the header `link`. (The Hub's own library brings twelve megabytes for this one request.)
 */
async function listDataset(name: string, files: string, revision: string): Promise<SourceFile[]> {
  const pattern: RegExp = globToRegExp(files);
  const found: SourceFile[] = [];
  let page: string | undefined = `${hub()}/api/datasets/${name}/tree/${
    encodeURIComponent(revision)
  }?recursive=true`;
  while (page) {
    const response: Response = await fetch(page, { headers: hubHeaders() }).catch((error) => {
      throw unreachable(page!, error);
    });
    if (response.status === 401 || response.status === 403) {
      await response.body?.cancel();
      throw refusedByHub(name);
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new UserError(
        `prepare-corpus.sources: Hugging Face answers ${response.status} for data set ${name} at revision ` +
          `${revision}; check both names`,
      );
    }
    const entries = await response.json() as { type: string; path: string; lfs?: { oid: string } }[];
    for (const { type, path, lfs } of entries) {
      if (type !== "file" || !pattern.test(path)) continue;
      const address = [
        name,
        "resolve",
        encodeURIComponent(revision),
        ...path.split("/").map(encodeURIComponent),
      ];
      const url = `${hub()}/datasets/${address.join("/")}`;
      found.push({ name: `${name}/${path}`, remote: { url, sha256: lfs?.oid, huggingface: name } });
    }
    page = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  if (found.length === 0) {
    throw new UserError(`prepare-corpus.sources: data set ${name} has no file that matches ${files}`);
  }
  const unknown = found.find(({ name }) => !readable(name));
  if (!unknown) return found.sort((a, b) => a.name < b.name ? -1 : 1);
  throw new UserError(
    `prepare-corpus.sources: ${
      basename(unknown.name)
    } of data set ${name} cannot be read; let files: match ` +
      `those that end in ${ENDINGS.join(", ")}`,
  );
}

/** An error of `fetch` as a one-line message. */
export function unreachable(url: string, error: unknown): UserError {
  const whole = String(error instanceof Error ? (error.cause ?? error.message) : error);
  // Drop the part that only repeats the URL and says that this is about a request.
  const why = whole.replace(/\s*\n\s*/g, " ").replace(/^.*error sending request[^)]*\): /, "");
  if (/redirect/i.test(why)) {
    return new UserError(`${url} redirects in a circle; check the address`);
  }
  return new UserError(
    `${url} cannot be reached (${why}); check the network, or fetch the file elsewhere and give its path in ` +
      "prepare-corpus.sources",
  );
}
