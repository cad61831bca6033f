/**
 * Where a Spanish word is stressed, and whether that needs a written accent. Plurals, conjugation and clitics build
 * a word around its stressed vowel and let `accented` decide on the accent (joven, jóvenes; da, dáselo).
 */
const PLAIN: Readonly<Record<string, string>> = { á: "a", é: "e", í: "i", ó: "o", ú: "u" };
const ACUTE: Readonly<Record<string, string>> = { a: "á", e: "é", i: "í", o: "ó", u: "ú" };
const ACCENTED = /[áéíóú]/;

/** The word without acute accents; ü and ñ stay. */
export function withoutAcute(word: string): string {
  return word.replace(/[áéíóú]/g, (vowel) => PLAIN[vowel]);
}

/**
 * Index of the stressed vowel of each syllable, in a word without acute accents. An h between two vowels does not
 * separate them (prohi-bir), by the rules of written accents.
 */
function nuclei(word: string): number[] {
  const peaks: number[] = [];
  let previous = -2; // index of the previous vowel
  let onlyWeak = false;
  for (let i = 0; i < word.length; i++) {
    const letter = word[i];
    const strong = letter === "a" || letter === "e" || letter === "o";
    const finalY = letter === "y" && i === word.length - 1 && i > 0;
    if (!strong && letter !== "i" && letter !== "u" && letter !== "ü" && !finalY) continue;
    if (letter === "u" && /[qg]/.test(word[i - 1] ?? "") && /[ei]/.test(word[i + 1] ?? "")) continue;
    const adjacent = previous === i - 1 || (previous === i - 2 && word[i - 1] === "h");
    if (adjacent && onlyWeak && letter !== word[previous]) {
      peaks[peaks.length - 1] = i; // viaje, ruido
      onlyWeak = !strong;
    } else if (!(adjacent && !strong && /[aeo]/.test(word[previous]))) { // not the end of a diphthong: peine
      peaks.push(i);
      onlyWeak = !strong;
    }
    previous = i;
  }
  return peaks;
}

/** Index of the stressed vowel of a single word in lower case, -1 if it has no vowel. */
export function stressed(word: string): number {
  const marked = word.search(ACCENTED);
  if (marked >= 0) return marked;
  const peaks = nuclei(word);
  const penultimate = /(?:[aeiouü]|[aeiouü][ns])$/.test(word);
  return peaks.at(penultimate && peaks.length > 1 ? -2 : -1) ?? -1;
}

/** A word without acute accents, stressed at the vowel `at`, with the accent that it needs in writing. */
export function accented(word: string, at: number): string {
  if (at < 0 || stressed(word) === at) return word;
  return word.slice(0, at) + (ACUTE[word[at]] ?? word[at]) + word.slice(at + 1);
}

/** Drops the acute on the stressed vowel (the word's only acute) where spelling does not need it: hablár to hablar. */
export function spelled(word: string): string {
  const at = word.search(ACCENTED);
  return at < 0 ? word : accented(withoutAcute(word), at);
}
