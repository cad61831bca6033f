/** A text with a capital as its first letter; it has one. */
export const capital = (text: string) => text[0].toUpperCase() + text.slice(1);
