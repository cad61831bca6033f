/**
 * Variants of the chat's texts, by what the model does: one that continues or labels is given texts, not questions.
 */
const es = {
  failed_text: "No se pudo continuar el texto",
  failed_classifier: "No se pudo clasificar",
  question_long_text: "El texto es demasiado largo: el límite es de 100 000 caracteres.",
  question_long_classifier: "El texto es demasiado largo: el límite es de 100 000 caracteres.",
  unanswered_text: "Este texto quedó sin continuación.",
  unanswered_classifier: "Este texto quedó sin clasificar.",
  ask_again_text: "Continuar de nuevo",
  ask_again_classifier: "Clasificar de nuevo",
  regenerate_text: "Continuar otra vez",
  regenerate_classifier: "Clasificar otra vez",
  edit_text: "Editar y continuar de nuevo",
  edit_classifier: "Editar y clasificar de nuevo",
  ask_edited_text: "Continuar",
  ask_edited_classifier: "Clasificar",
  link_text: "Copiar un enlace con el texto, el modelo y los ajustes",
  link_classifier: "Copiar un enlace con el texto y el modelo",
};

const en: typeof es = {
  failed_text: "The text could not be continued",
  failed_classifier: "The text could not be labelled",
  question_long_text: "The text is too long: the limit is 100,000 characters.",
  question_long_classifier: "The text is too long: the limit is 100,000 characters.",
  unanswered_text: "This text was left without a continuation.",
  unanswered_classifier: "This text was left without a label.",
  ask_again_text: "Continue again",
  ask_again_classifier: "Label again",
  regenerate_text: "Continue again",
  regenerate_classifier: "Label again",
  edit_text: "Edit and continue again",
  edit_classifier: "Edit and label again",
  ask_edited_text: "Continue",
  ask_edited_classifier: "Label",
  link_text: "Copy a link with the text, the model and the settings",
  link_classifier: "Copy a link with the text and the model",
};

export const kindTexts = { es, en };
