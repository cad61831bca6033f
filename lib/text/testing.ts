/** A small tokenizer for tests. */
import { type Tokenizer, vocabularyBuilder } from "./tokenizer.ts";

/** A token for each character of a text; ids of special tokens are 0 to 5. */
export function charTokenizer(text: string, minCount = 1): Tokenizer {
  const builder = vocabularyBuilder("char");
  builder.add(text);
  return builder.build({ minCount, always: "", size: 0 });
}
