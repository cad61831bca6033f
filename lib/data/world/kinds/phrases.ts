/** Lists of phrases in a script's file; names of the script are drawn from them. */
import type { Value } from "../entity.ts";
import type { Gender } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Node } from "../parsing.ts";
import { compile, fragment, type Template } from "../template.ts";
import type { Draws, Role } from "./draws.ts";

/** An article with its noun: "la harina", "los fideos", "el teléfono roto", "la clase de baile". */
const NOUN = /^(el|la|los|las) (\p{L}+(?: \p{L}+){0,2})$/u;

type Phrase = Template | Exclude<Value, number>;
/** A member of a list: its fields by name; the field "" is a member that is a single phrase. */
type Member = ReadonlyMap<string, Phrase>;

/**
 * The role of a list: members are phrases, which may be templates, nouns with their article, or maps of these.
 * The role itself stands for the field `name` of a map.
 */
export function drawsOf(list: Node, lexicon: Lexicon): Role {
  const members = list.items().map((item): Member => {
    if (typeof item.value !== "object") return new Map([["", phrase(item, lexicon)]]);
    return new Map(
      item.entries().map(([field, node]) => [field === "name" ? "" : field, phrase(node, lexicon)]),
    );
  });
  if (members.length === 0) list.fail("expected a list of phrases");
  const single = members.every((member) => member.size === 1);
  return (draws) => {
    const member = draws.fresh(() => draws.random.pick(members));
    if (single) return filled(member.get("")!, draws);
    const fields = [...member].map(([field, phrase]) => [field, filled(phrase, draws)]);
    return { fields: Object.fromEntries(fields) };
  };
}

function filled(phrase: Phrase, { scope, random }: Draws): Value {
  return typeof phrase === "object" && "parts" in phrase && "where" in phrase
    ? fragment(phrase, scope, random)
    : phrase;
}

function phrase(node: Node, lexicon: Lexicon): Phrase {
  const text = node.text();
  const match = NOUN.exec(text);
  if (!match) return /[{(\[\\]/.test(text) ? compile(text, node.where) : text;
  const [, article, singular] = match;
  const many = article === "los" || article === "las";
  const known = lexicon.noun(singular);
  const gender: Gender = known?.gender ?? (article === "el" || article === "los" ? "m" : "f");
  const noun = many ? { singular, gender, plural: singular } : known ?? { singular, gender };
  return { kind: "thing", noun, number: many ? 2 : 1 };
}
