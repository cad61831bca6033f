/** The section `prepare-corpus` of a preset: every key, its type, its bounds and its default. */
import { z } from "zod";
import { WorldTexts } from "../world/options.ts";
import { LANGUAGES } from "./languages.ts";

const whole = z.number().int().nonnegative();

const Source = z.strictObject({
  path: z.string().min(1).optional().describe("A file, folder or glob, from the project's root."),
  url: z.url({ protocol: /^https?$/ }).optional().describe("A file's address; it is fetched once."),
  huggingface: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "expected owner/name").optional()
    .describe("A data set on Hugging Face; HF_TOKEN in the environment if it is not open."),
  world: WorldTexts.optional().describe("Text that is made from the words and stories of data/world."),
  files: z.string().optional().describe("Which files of the data set, as a glob."),
  revision: z.string().optional().describe("Branch, tag or commit of the data set; main by default."),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, "expected 64 hexadecimal digits").optional()
    .describe("Checksum of the file at url."),
  column: z.string().min(1).optional().describe(
    "Where JSONL and Parquet have the text; text by default. A chat (messages, each with its content) is read as text.",
  ),
  weight: z.number().positive().max(100).optional()
    .describe("How often its documents are trained on: 2 is twice, 0.5 draws half of them."),
  limit: z.number().int().positive().optional().describe("Characters to read at most."),
}).superRefine((source, context) => {
  const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  const kinds = (["path", "url", "huggingface", "world"] as const).filter((key) => source[key] !== undefined);
  if (kinds.length !== 1) {
    refuse([], `expected one of path, url, huggingface and world, got ${kinds.join(" and ") || "none"}`);
  }
  for (const key of ["column", "limit"] as const) {
    if (source[key] !== undefined && source.world) refuse([key], "it does not go with world:");
  }
  for (const key of ["files", "revision"] as const) {
    if (source[key] !== undefined && !source.huggingface) refuse([key], "it belongs to huggingface:");
  }
  if (source.sha256 !== undefined && !source.url) refuse(["sha256"], "it belongs to url:");
});

/** A step's bound, or false to leave the step out. */
const bound = (schema: z.ZodNumber) => z.union([z.literal(false), schema]).default(false);
const share = z.number().min(0).max(1);

export const CorpusOptions = z.strictObject({
  sources: z.array(z.union([z.string().min(1), Source])).min(1).describe(
    "Files, folders, globs and addresses, or maps that say more. Files end in .txt, .jsonl (either also with " +
      ".gz or .zst) or .parquet.",
  ),
  bad_input: z.enum(["stop", "skip"]).default("stop")
    .describe("What to do about lines that are no JSON, lack the text or are not UTF-8."),
  clean: z.strictObject({
    byte_order_mark: z.boolean().default(true),
    line_ends: z.boolean().default(true),
    nfc: z.boolean().default(true).describe("Accents composed with their letters."),
    control_characters: z.boolean().default(true).describe("Without what no one sees."),
  }).prefault({}),
  lowercase: z.boolean().default(false),
  max_line_length: whole.default(10_000).describe("Characters; longer lines are dropped. 0 keeps all."),
  unwrap: z.boolean().default(false).describe(
    "Joins the lines of paragraphs that were wrapped at some width.",
  ),
  documents: z.enum(["file", "sections", "paragraphs", "lines"]).default("sections")
    .describe("What one document of a text file is. Sections end at a line of three or more *, - or =."),
  min_document_length: whole.default(1).describe("Characters; shorter documents are dropped."),
  max_document_length: whole.max(2 ** 24).default(2_000_000).describe(
    "Characters; longer documents are cut where a paragraph or sentence ends. 0 cuts none.",
  ),
  boilerplate: bound(z.number().int().min(2)).describe(
    "Lines that stand in so many documents are dropped from all of them.",
  ),
  quality: z.strictObject({
    symbols: bound(share).describe("Largest share of symbols among characters, such as 0.1."),
    digits: bound(share).describe("Largest share of digits among characters, such as 0.2."),
    alphabet: bound(share).describe(
      "Smallest share of a to z and Spanish letters among letters, such as 0.95.",
    ),
    repetition: bound(share).describe("Largest share of five-word runs that occurred before, such as 0.3."),
    language: z.union([z.literal(false), z.enum(LANGUAGES)]).default(false)
      .describe("The language that documents are in, by their function words."),
    final_punctuation: z.boolean().default(false)
      .describe("Whether documents must end with a punctuation mark, which headings do not."),
  }).prefault({}),
  duplicates: z.strictObject({
    exact: z.boolean().default(true).describe("Drops documents that occurred before."),
    near: bound(z.number().min(0.2).max(1)).describe(
      "Drops documents that are so similar to an earlier one; 0.4 finds copies with 5 % of characters changed.",
    ),
  }).prefault({}),
  pack: whole.default(0).describe(
    "Joins neighbouring documents of a file up to so many characters; 0 joins none.",
  ),
  validation: z.strictObject({
    share: z.number().gt(0).lt(1).default(0.1).describe("Part of the text held out for validation."),
    by: z.enum(["documents", "tail"]).default("documents")
      .describe("Whole documents drawn by seed, or the end of the text."),
  }).prefault({}),
});

export type CorpusOptions = z.infer<typeof CorpusOptions>;
export type SourceOptions = z.infer<typeof Source>;
export type QualityOptions = CorpusOptions["quality"];
