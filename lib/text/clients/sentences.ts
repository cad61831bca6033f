/** Spanish sentences with odd characters in them. */

const ODD = [
  "¿Qué tal, ñandú? 🦙👩‍👩‍👧‍👦\n—Bien.",
  "ﬁn y ﬂor: oﬃcina ½ ² Ⅷ",
  "cancio\u0301n e\u0323\u0301x e" + "\u0301".repeat(40) + "z",
  "日本語 en Tōkyō 東京, 한국어, עברית, العربية",
  "\t\t dos  tabs   y    espacios \n\n\n x",
  "<resp > <RESP> <|endoftext|> < instr> [UNK] ##s ▁a",
  "# título ## otro ###a #",
  "a\u0085b\ufeffc\u00a0d\u2028e\u3000f",
  "1234 5.678,90 €",
  "¡¿Qué?! «así» … —¿no?",
  "\r\n\r\nfin\r",
  "_____ __x__ ''l'agua''",
  "x".repeat(200) + " " + "!".repeat(150),
  " ",
  "\n",
  "𝔘𝔫𝔦 𝟘𝟙 ᾴ ǅ ß ẞ İ ı",
  "\u200b\u200d\u0000\u0007",
];

const folder = new URL("../../../data/raw/", import.meta.url);
const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

/** The prose that ships in data/raw. */
export const TEXT = files.map((name) => Deno.readTextFileSync(new URL(name, folder))).join("\n");

const lines = TEXT.split("\n").filter(({ length }) => length > 20);

/** 520 sentences; every one but the first has something odd before or after it. */
export const SENTENCES = Array.from({ length: 520 }, (_, i) => {
  const line = lines[i * 37 % lines.length], odd = ODD[i % ODD.length];
  return i % 2 === 0 ? line + odd : odd + line;
}).concat(ODD);
