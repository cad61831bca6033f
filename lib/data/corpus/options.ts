/** What the section `prepare-corpus` of a preset says; `lib/run/config.ts` has the bounds and defaults. */

export interface SourceOptions {
  /** One of these three: a file, folder or glob; an http(s) address; a data set's name on Hugging Face. */
  readonly path?: string | undefined;
  readonly url?: string | undefined;
  readonly huggingface?: string | undefined;
  /** Of a data set: a glob of its files, and the branch, tag or commit. */
  readonly files?: string | undefined;
  readonly revision?: string | undefined;
  /** Of an address: the file's checksum, in hexadecimal. */
  readonly sha256?: string | undefined;
  /** The key or column that holds the text, in JSONL and Parquet. */
  readonly column?: string | undefined;
  /** How often its documents are trained on: 2 is twice, 0.5 draws half of them. */
  readonly weight?: number | undefined;
  /** Characters to read at most. */
  readonly limit?: number | undefined;
}

export interface CleanOptions {
  readonly byte_order_mark: boolean;
  readonly line_ends: boolean;
  readonly nfc: boolean;
  readonly control_characters: boolean;
}

/** Bounds that a document must keep; false switches one off. Shares are of 1. */
export interface QualityOptions {
  readonly symbols: false | number;
  readonly digits: false | number;
  readonly repetition: false | number;
  readonly alphabet: false | number;
  readonly language: false | "ca" | "de" | "en" | "es" | "fr" | "it" | "pt";
  readonly final_punctuation: boolean;
}

export interface CorpusOptions {
  readonly sources: readonly (string | SourceOptions)[];
  /** What to do about lines that are no JSON, lack the text, or are not UTF-8. */
  readonly bad_input: "stop" | "skip";
  readonly clean: CleanOptions;
  readonly lowercase: boolean;
  /** Characters; longer lines are dropped. 0 keeps all. */
  readonly max_line_length: number;
  /** Joins the lines of paragraphs that were wrapped at some width. */
  readonly unwrap: boolean;
  /** What one document of a text file is; `sections` end at a line of three or more `*`, `-` or `=`. */
  readonly documents: "file" | "sections" | "paragraphs" | "lines";
  /** Characters; shorter documents are dropped, longer ones are cut where a paragraph or sentence ends. */
  readonly min_document_length: number;
  readonly max_document_length: number;
  /** Lines that stand in so many documents are dropped from all of them. */
  readonly boilerplate: false | number;
  readonly quality: QualityOptions;
  readonly duplicates: { readonly exact: boolean; readonly near: false | number };
  /** Characters up to which neighbouring documents of a file are joined; 0 joins none. */
  readonly pack: number;
  readonly validation: {
    readonly share: number;
    /** `documents` draws whole documents; `tail` takes the end of the text, in order. */
    readonly by: "documents" | "tail";
  };
}
