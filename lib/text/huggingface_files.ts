/** The files that describe, in a Hugging Face folder, how a model reads and writes text. */
import type { Tokenizer } from "./tokenizer.ts";

/**
 * The conversation format (prompt.ts) as a Jinja template: messages of all roles but the assistant's are joined by line
 * ends and put between `<instr>` and `<resp>`.
 */
const chatTemplate = (instr: string, resp: string) =>
  `
{%- set ns = namespace(asked='', some=false) -%}
{%- for message in messages -%}
{%- set content = message['content'] if message['role'] not in ['system', 'developer'] else message['content'] | trim -%}
{%- if message['role'] == 'assistant' -%}
{%- if content -%}
{{- '${instr}' + ns.asked + '${resp}' + content + eos_token -}}
{%- set ns.asked = '' -%}
{%- set ns.some = false -%}
{%- endif -%}
{%- elif content or message['role'] not in ['system', 'developer'] -%}
{%- set ns.asked = ns.asked + '\n' + content if ns.some else content -%}
{%- set ns.some = true -%}
{%- endif -%}
{%- endfor -%}
{%- if ns.some or add_generation_prompt -%}
{{- '${instr}' + ns.asked + '${resp}' -}}
{%- endif -%}`.trimStart();

/** The chat template of a model that has this vocabulary and was taught to answer. */
export const chatTemplateOf = (tokenizer: Tokenizer) =>
  chatTemplate(tokenizer.label(tokenizer.special.instr), tokenizer.label(tokenizer.special.resp));

const json = (value: unknown) => JSON.stringify(value, null, 1) + "\n";

/**
 * tokenizer.json, tokenizer_config.json, special_tokens_map.json and generation_config.json.
 * @param context the most tokens that the model reads
 * @param chat whether the model was taught to answer
 */
export function tokenizerFiles(
  tokenizer: Tokenizer,
  { context, chat }: { context: number; chat: boolean },
): Record<string, string> {
  const { pad, unk, bos, eos, instr, resp } = tokenizer.special;
  const name = (id: number) => tokenizer.label(id);
  const names = {
    bos_token: name(bos),
    eos_token: name(eos),
    pad_token: name(pad),
    ...unk !== null && { unk_token: name(unk) },
    additional_special_tokens: [name(instr), name(resp)],
  };
  return {
    "tokenizer.json": JSON.stringify(tokenizer.toJson()) + "\n",
    "tokenizer_config.json": json({
      tokenizer_class: "PreTrainedTokenizerFast",
      model_max_length: context,
      model_input_names: ["input_ids", "attention_mask"],
      clean_up_tokenization_spaces: false,
      // Puts <bos> before a text to continue. transformers.js needs this key; others read it from tokenizer.json.
      add_bos_token: true,
      ...names,
      ...chat && { chat_template: chatTemplateOf(tokenizer) },
    }),
    "special_tokens_map.json": json(names),
    "generation_config.json": json({ bos_token_id: bos, eos_token_id: eos, pad_token_id: pad }),
  };
}
