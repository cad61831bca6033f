/** Recognises answers that say that something is not known. */

/** Whether an answer says that it is not known: "No lo sé. No puedo verlo.", "No se sabe.", "El texto no lo dice." */
export const declines = (answer: string): boolean =>
  /^\P{L}*(?:no (?:lo sé|sé|se sabe|se puede saber)|(?:el texto|ahí) no lo (?:dice|cuenta)|eso no está en el texto)(?!\p{L})/iu
    .test(answer);
