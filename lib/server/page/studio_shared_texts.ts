/** Texts of all pages of the studio. Refusals go by the codes of `lib/studio/refusal.ts`; `{about}` is their subject. */
export const sharedEs = {
  refused_no_text: "Esto no es texto simple en UTF-8; guárdalo como .txt.",
  refused_too_short: "Es demasiado corto para aprender de él: hacen falta al menos {about} bytes de texto.",
  refused_busy: "Ahora se está entrenando «{about}»; detenlo o espera a que termine.",
  refused_not_running: "«{about}» no está en marcha, o se inició en una terminal: detenlo allí con Ctrl-C.",
  refused_finished: "«{about}» ya terminó.",
  refused_no_preset: "No se puede seguir: falta {about}.",
  refused_no_question: "Escribe la pregunta que se responde con «{about}».",
  refused_not_taught: "«{about}» no es un modelo al que se le haya enseñado algo.",
  refused_shipped: "«{about}» viene con el proyecto.",
  refused_refused: "No se pudo. {why}",
  refused_too_large:
    "El texto es demasiado largo para pegarlo aquí; usa en una terminal: deno task train-on mi-texto.txt",
  why_disk: "No hay espacio en el disco: libera un poco y vuelve a intentarlo.",
  why_memory: "No hay memoria suficiente: elige un tamaño menor.",
  why_short: "El texto es demasiado corto para aprender de él.",
  why_other: "Se detuvo por un error.",
  why_said: "El motivo, en inglés: {message}",
  details: "Detalles, en inglés",
  unauthorised:
    "El estudio se reinició o la sesión caducó: abre la dirección que imprime «deno task studio».",
};

export const sharedEn: typeof sharedEs = {
  refused_no_text: "This is no plain text in UTF-8; save it as .txt.",
  refused_too_short: "It is too short to learn from: at least {about} bytes of text are needed.",
  refused_busy: "“{about}” is being trained at the moment; stop it, or wait until it is done.",
  refused_not_running: "“{about}” is not running, or was started in a terminal: stop it there with Ctrl-C.",
  refused_finished: "“{about}” is finished.",
  refused_no_preset: "It cannot go on: {about} is missing.",
  refused_no_question: "Write the question that “{about}” answers.",
  refused_not_taught: "“{about}” is no model that was taught something.",
  refused_shipped: "“{about}” comes with the project.",
  refused_refused: "It was not possible. {why}",
  refused_too_large:
    "The text is too long to be pasted here; in a terminal, use: deno task train-on my-text.txt",
  why_disk: "There is no room on the disk: free some, and try again.",
  why_memory: "There is not enough memory: choose a smaller size.",
  why_short: "The text is too short to learn from.",
  why_other: "It ended with an error.",
  why_said: "{message}",
  details: "Details",
  unauthorised:
    "The studio was restarted, or the session has ended: open the address that deno task studio prints.",
};
