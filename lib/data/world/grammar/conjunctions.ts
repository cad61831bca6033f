/** "y" and "o", which become "e" and "u" before their own sound. */

/** y is e before the sound i, not before hie- or hia-: "Ana e Inés", "agua y hielo". */
const BEFORE_I = /^(?:[«"(¡¿]*)(?:[ií](?![aeoáéó])|hi(?![aeo])|hí)/i;
/** o is u before the sound o, numbers in digits too: "uno u otro", "7 u 8". */
const BEFORE_O = /^(?:[«"(¡¿]*)(?:h?[oó]|8|11(?!\d))/i;

function join(parts: readonly string[], word: string, euphonic: string, before: RegExp): string {
  if (parts.length < 2) return parts.join("");
  const last = parts[parts.length - 1];
  return `${parts.slice(0, -1).join(", ")} ${before.test(last) ? euphonic : word} ${last}`;
}

/** "Ana e Inés"; "pan, queso y uvas". */
export function and(...parts: readonly string[]): string {
  return join(parts, "y", "e", BEFORE_I);
}

/** "uno u otro"; "rojo, verde o azul". */
export function or(...parts: readonly string[]): string {
  return join(parts, "o", "u", BEFORE_O);
}

/** Mends "y i…" to "e i…" and "o o…" to "u o…" in running text. */
export function mendConjunctions(text: string): string {
  return text.replace(
    /(?<![\p{L}\d])([yo]) (?=[ihoóí811«"(¡¿])(\S+)/giu,
    (all, word: string, next: string) => {
      if (word === "y" && BEFORE_I.test(next)) return `e ${next}`;
      if (word === "o" && BEFORE_O.test(next)) return `u ${next}`;
      return all;
    },
  );
}
