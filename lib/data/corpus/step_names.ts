/** The steps in Spanish, for the report: their names and what they do. */
import type { Step } from "./tally.ts";

export const SPANISH: Readonly<Record<Step, readonly [name: string, what: string]>> = {
  "bad input": ["entrada dañada", "saltadas: no son JSON, no tienen texto o no son UTF-8"],
  "byte order mark": ["marca de orden de bytes", "quitados"],
  "line ends": ["fines de línea", "CR LF y CR pasan a LF"],
  "NFC": ["NFC", "compuestos con su acento"],
  "control characters": ["caracteres de control", "quitados, o cambiados por un espacio"],
  "lowercase": ["minúsculas", "pasados a minúscula"],
  "long lines": ["líneas largas", "quitadas"],
  "unwrapping": ["renglones unidos", "unidas a la línea anterior"],
  "long documents": ["documentos largos", "cortados en trozos"],
  "boilerplate": ["texto repetido", "quitadas, porque están en muchos documentos"],
  "short documents": ["documentos cortos", "quitados"],
  "symbols": ["símbolos", "quitados por tener demasiados símbolos"],
  "digits": ["cifras", "quitados por tener demasiadas cifras"],
  "repetition": ["repetición", "quitados porque se repiten"],
  "alphabet": ["alfabeto", "quitados por letras de otros alfabetos"],
  "language": ["idioma", "quitados por estar en otro idioma"],
  "final punctuation": ["puntuación final", "quitados por terminar sin puntuación"],
  "exact duplicates": ["copias exactas", "quitados"],
  "near duplicates": ["copias parecidas", "quitados"],
  "packing": ["agrupación", "unidos al anterior"],
  "weights": ["pesos", "dejados fuera, porque su fuente pesa menos de 1"],
  "repeats": ["repeticiones", "repetidos, porque su fuente pesa más de 1"],
};

export const UNITS: Readonly<Record<string, string>> = {
  characters: "caracteres",
  lines: "líneas",
  documents: "documentos",
};
