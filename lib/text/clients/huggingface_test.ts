/** Reads checkpoint folders with Hugging Face's tokenizers in Rust, which Python's uses, and in JavaScript. */
import { Template } from "@huggingface/jinja";
import { Tokenizer as InJavaScript } from "@huggingface/tokenizers";
import { Tokenizer as InRust } from "tokenizers";
import { assert, assertEquals } from "@std/assert";
import { tokenizerFiles } from "../huggingface_files.ts";
import { encodePrompt } from "../prompt.ts";
import { readTokenizer, type Tokenizer, TOKENIZER_KINDS, vocabularyBuilder } from "../tokenizer.ts";
import { SENTENCES, TEXT } from "./sentences.ts";

interface Folder {
  readonly tokenizer: Tokenizer;
  readonly files: Record<string, string>;
  readonly javaScript: InJavaScript;
  readonly rust: InRust;
}

function folderOf(tokenizer: Tokenizer): Folder {
  const files = tokenizerFiles(tokenizer, { context: 256, chat: true });
  const json = files["tokenizer.json"];
  return {
    tokenizer,
    files,
    javaScript: new InJavaScript(JSON.parse(json), JSON.parse(files["tokenizer_config.json"])),
    rust: InRust.fromString(json),
  };
}

/** Asserts that ids and text are the same in all three. */
async function compare({ tokenizer, javaScript, rust }: Folder, text: string): Promise<void> {
  const ids = [...tokenizer.encode(text)];
  assertEquals(javaScript.encode(text, { add_special_tokens: false }).ids, ids, JSON.stringify(text));
  const encoded = await rust.encode(text, null, { addSpecialTokens: false });
  assertEquals(encoded.getIds(), ids, JSON.stringify(text));
  const decoded = tokenizer.decode(ids);
  assertEquals(await rust.decode(ids, true), decoded);
  if (ids.length > 0) assertEquals(javaScript.decode(ids, { skip_special_tokens: true }), decoded);
}

const small = new URL("../../../models/small/instruct/best/tokenizer.json", import.meta.url).pathname;

const folders: [string, () => Promise<Folder>][] = TOKENIZER_KINDS.map((kind) => [kind, () => {
  const builder = vocabularyBuilder(kind);
  builder.add(TEXT);
  return Promise.resolve(folderOf(builder.build({ minCount: 1, always: "0123456789<>", size: 1536 })));
}]);
folders.push(["models/small, saved again", async () => folderOf(await readTokenizer(small))]);

for (const [name, make] of folders) {
  Deno.test(`${name}: Hugging Face's tokenizers give the same ids and texts on odd sentences`, async () => {
    const folder = await make();
    assert(SENTENCES.length > 500);
    for (const sentence of SENTENCES) {
      // Unicode's line separator and other spaces of the first pattern differ between JavaScript and Rust.
      if (name.startsWith("models") && /[\u0085\ufeff]/.test(sentence)) continue;
      await compare(folder, sentence);
    }
  });

  Deno.test(`${name}: texts begin with <bos>, and the chat template gives a conversation's ids`, async () => {
    const { tokenizer, files, rust, javaScript } = await make();
    const { bos, eos, pad } = tokenizer.special;
    const begun = [bos, ...tokenizer.encode("la casa")];
    assertEquals((await rust.encode("la casa")).getIds(), begun);
    assertEquals(javaScript.encode("la casa").ids, begun);
    assertEquals(JSON.parse(files["generation_config.json"]), {
      bos_token_id: bos,
      eos_token_id: eos,
      pad_token_id: pad,
    });
    const config = JSON.parse(files["tokenizer_config.json"]);
    const messages = [
      { role: "system", content: " di la verdad \n" },
      { role: "user", content: "¿qué es un gato?" },
      { role: "assistant", content: "un animal" },
      { role: "user", content: "¿y" },
      { role: "user", content: "un perro?" },
    ];
    const rendered = new Template(config.chat_template).render({
      messages,
      eos_token: config.eos_token,
      add_generation_prompt: true,
    });
    const { ids } = encodePrompt(tokenizer, {
      past: [{ instruction: "di la verdad\n¿qué es un gato?", response: "un animal" }],
      instruction: "¿y\nun perro?",
    }, 1000);
    assertEquals((await rust.encode(rendered, null, { addSpecialTokens: false })).getIds(), [...ids]);
    assertEquals(javaScript.encode(rendered, { add_special_tokens: false }).ids, [...ids]);
  });
}

Deno.test("what spells a special token is one for Hugging Face's, and never here", async () => {
  const { tokenizer, rust } = await folders[2][1]();
  const text = "a<resp>b";
  const theirs = (await rust.encode(text, null, { addSpecialTokens: false })).getIds();
  assert(theirs.includes(tokenizer.special.resp));
  assert(!tokenizer.encode(text).includes(tokenizer.special.resp));
});
