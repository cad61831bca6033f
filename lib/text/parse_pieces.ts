/** Parses the `normalizer` and the `pre_tokenizer` of a tokenizer.json. */
import { z } from "zod";
import { compose } from "./compose.ts";
import { check, JsonError, RecordOf } from "./json_error.ts";
import { GPT2_PIECES, isolate, type Splitter } from "./pieces.ts";
import { NORMALIZER } from "./tokenizer_json.ts";

const FORMS = ["NFC", "NFD", "NFKC", "NFKD"];

/** @throws {JsonError} if it is not one of Unicode's normal forms */
export function parseNormalizer(value: unknown): (text: string) => string {
  if (value === null || value === undefined) return (text) => text;
  if (JSON.stringify(value) === JSON.stringify(NORMALIZER)) return compose;
  const { type } = check(RecordOf, value, "normalizer");
  if (!FORMS.includes(String(type))) {
    throw new JsonError(
      `normalizer.type: ${JSON.stringify(type)} is none of ${FORMS.join(", ")}, which are read`,
    );
  }
  return (text) => text.normalize(String(type));
}

export interface Cutting {
  readonly split: Splitter;
  /** The patterns of the steps that cut, in order. */
  readonly patterns: readonly string[];
  /** Whether pieces are converted to characters of the byte alphabet. */
  readonly bytes: boolean;
}

/** @throws {JsonError} if the pre-tokenizer is not supported */
export function parsePreTokenizer(value: unknown, key: string): Cutting {
  const refuse = (name: string, why: string) => new JsonError(`${key}.${name}: ${why}`);
  if (value === null || value === undefined) throw new JsonError(`${key}: without one, a text is not read`);
  const step = check(RecordOf, value, key);
  const by = (pattern: string, cutter = isolate): Cutting => {
    let regex: RegExp;
    try {
      regex = new RegExp(pattern, "gu");
    } catch (error) {
      throw refuse("pattern", `${(error as Error).message}; JavaScript does not know the pattern`);
    }
    return { split: cutter(regex), patterns: [pattern], bytes: false };
  };
  switch (step.type) {
    case "ByteLevel":
      if (step.add_prefix_space === true) {
        throw refuse("add_prefix_space", "true would give other ids; it is not read");
      }
      if (step.use_regex === false) return { split: (text) => [text], patterns: [], bytes: true };
      return { ...by(GPT2_PIECES), bytes: true };
    case "Digits":
      return by(step.individual_digits === true ? "\\p{N}" : "\\p{N}+");
    case "Split": {
      const { Regex, String: text } = check(RecordOf, step.pattern, `${key}.pattern`);
      const pattern = typeof Regex === "string"
        ? Regex
        : RegExp.escape(check(z.string(), text, `${key}.pattern`));
      if (step.behavior === "Isolated" && step.invert !== true) return by(pattern);
      if (step.behavior === "Removed" && step.invert === true) {
        return by(pattern, (regex) => (t) => t.match(regex) ?? []);
      }
      throw refuse("behavior", `${JSON.stringify(step.behavior)} is not read; Isolated is`);
    }
    case "Sequence": {
      const steps = check(z.array(z.unknown()), step.pretokenizers, `${key}.pretokenizers`)
        .map((one, i) => parsePreTokenizer(one, `${key}.pretokenizers.${i}`));
      const at = steps.findIndex(({ bytes }) => bytes);
      if (at >= 0 && at < steps.length - 1) throw refuse("pretokenizers", "ByteLevel must be the last");
      const cutters = steps.filter(({ patterns }) => patterns.length > 0);
      return {
        split: cutters.length === 1
          ? cutters[0].split
          : (text) => cutters.reduce((pieces, { split }) => pieces.flatMap(split), [text]),
        patterns: cutters.flatMap(({ patterns }) => patterns),
        bytes: at >= 0,
      };
    }
  }
  throw refuse(
    "type",
    `${JSON.stringify(step.type) ?? "missing"} is none of Split, ByteLevel, Digits, Sequence`,
  );
}
