/** Finds the special tokens of a tokenizer.json. */
import type { Part } from "./json_error.ts";
import { SPECIAL_NAMES, SPECIAL_TOKENS, type SpecialIds, type SpecialName } from "./special.ts";
import { type AddedToken, type ModelJson, specialToken } from "./tokenizer_json.ts";

/** The keys of tokenizer_config.json in which a vocabulary from elsewhere names its special tokens. */
const CONFIG_KEYS: Partial<Record<SpecialName, string>> = {
  bos: "bos_token",
  eos: "eos_token",
  pad: "pad_token",
};

/** The ids of all special tokens. Those that the vocabulary lacks get ids after its last. */
export function specialIds(
  added: readonly AddedToken[],
  tokens: (string | undefined)[],
  config: unknown,
  model: ModelJson,
): { special: SpecialIds; missing: AddedToken[] } {
  const byName = new Map(added.map(({ content, id }) => [content, id]));
  const named = (key: string | undefined) => {
    const value = key && (config as Part | null)?.[key];
    const content = value && typeof value === "object" ? (value as Part).content : value;
    return typeof content === "string" ? byName.get(content) ?? tokens.indexOf(content) : -1;
  };
  const missing: AddedToken[] = [];
  const special: Record<string, number | null> = {};
  for (const name of SPECIAL_NAMES) {
    let id = byName.get(SPECIAL_TOKENS[name]) ?? named(CONFIG_KEYS[name]);
    // GPT-2 has a single token between texts.
    if (id < 0 && (name === "bos" || name === "eos")) {
      id = byName.get("<|endoftext|>") ?? tokens.indexOf("<|endoftext|>");
    }
    // Padding must differ from the ends of a text, so a shared id is not used.
    if (name === "pad" && id >= 0 && (id === named("eos_token") || id === named("bos_token"))) id = -1;
    if (name === "unk" && id < 0) {
      const unknown = model.type !== "Unigram" && model.unk_token !== null
        ? tokens.indexOf(model.unk_token)
        : -1;
      special.unk = unknown >= 0 && model.type !== "BPE" ? unknown : null;
      continue;
    }
    if (id < 0) {
      id = tokens.length;
      tokens[id] = SPECIAL_TOKENS[name];
      missing.push(specialToken(SPECIAL_TOKENS[name], id));
    }
    special[name] = id;
  }
  return { special: special as unknown as SpecialIds, missing };
}
