/** Recognises tú and usted in questions, so that nobody switches between them within a conversation. */
import type { Turn } from "../../text/prompt.ts";

const words = (list: string) => list.trim().split(/\s+/).join("|");
/** Where a command may begin; elsewhere "guarda" is the third person. */
const COMMAND = "(?:^|[.:;,!?¿¡«—\\n]\\s*|por favor,? |también |ahora |y )";

const TÚ = new RegExp(
  `(?<!\\p{L})(?:${
    words(
      `puedes podrías sabes dices cuentas recuerdas dijiste tenías dirías acuerdas tú te dime dímelo cuéntame
      explícame indícame ayúdame hazme repítelo súmale agrégale réstale quítale ponla ponlo dila dilo escríbelo
      ordénalas ordénalos sepáralas felicítalo despídete`,
    )
  })(?!\\p{L})|${COMMAND}(?:${
    words(
      `di contesta responde indica anota escribe señala ten repite haz pon agrega añade suma quita saca borra elimina
      empieza oye mira disculpa perdona recuerda guarda apunta saluda completa termina lee ordena busca cambia corrige
      elige escoge piensa calcula resuelve cuenta deletrea clasifica fíjate imagina separa divide
      junta compara revisa multiplica`,
    )
  })(?!\\p{L})`,
  "iu",
);
const USTED = new RegExp(
  `(?<!\\p{L})(?:usted|${
    words(
      `dígame dígamelo cuénteme explíqueme indíqueme ayúdeme súmele agréguele réstele quítele póngala póngalo dígala dígalo
      escríbalo ordénelas ordénelos sepárelas disculpe perdone oiga`,
    )
  }|me (?:puede|podría|dice|explica|cuenta|ayuda|recuerda)|¿(?:podría|puede) (?:decir|repetir|ayudar)\\p{L}*|cómo dijo)(?!\\p{L})|${COMMAND}(?:${
    words(
      `diga conteste responda indique anote escriba señale tenga repita haga ponga agregue añada sume reste quite saque
      borre elimine empiece mire recuerde guarde apunte salude complete termine lea ordene busque cambie corrija elija
      escoja piense calcule resuelva cuente deletree clasifique fíjese imagine separe divida
      junte compare revise multiplique`,
    )
  })(?!\\p{L})`,
  "iu",
);

/** Whether the person who asks says tú in one turn and usted in another. */
export function mixesAddress(turns: readonly Turn[]): boolean {
  const says = (address: RegExp) => turns.some(({ instruction }) => address.test(instruction));
  return says(TÚ) && says(USTED);
}

/** Draws until the person who asks keeps to either tú or usted. */
export function inOneAddress(draw: () => Turn[]): Turn[] {
  for (;;) {
    const turns = draw();
    if (!mixesAddress(turns)) return turns;
  }
}
