/** What no rule tells about Spanish verbs: stem changes, irregular forms, and the verbs made of them. */

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** e to ie (i to ie in adquirir) where the stem is stressed. */
export const E_IE = words(`
acertar adquirir advertir alentar apacentar apretar arrepentir arrendar ascender asentar aserrar asentir atender
atravesar calentar cegar cerrar cimentar comenzar concernir concertar confesar consentir convertir defender
desalentar desconcertar descender desenterrar desmentir despertar desplegar desterrar diferir digerir discernir
disentir divertir empedrar empezar encender encerrar encomendar enmendar ensangrentar entender enterrar errar
erguir extender fregar gobernar helar herir herrar hervir incensar inferir ingerir inquirir interferir invernar
invertir manifestar mentar mentir merendar negar nevar pensar perder pervertir plegar preferir presentir
quebrar querer recalentar recomendar referir regar remendar renegar repensar requerir resentir restregar
reventar segar sembrar sentar sentir serrar sosegar subvertir sugerir temblar tender tentar transferir
transgredir trascender tropezar verter
`);

/** o to ue (u to ue in jugar) where the stem is stressed. */
export const O_UE = words(`
absolver acordar acostar almorzar amolar amoblar apostar aprobar asolar avergonzar cocer colar colgar comprobar
concordar conmover consolar contar costar degollar demoler demostrar denostar desaprobar descolgar descontar
desenvolver desolar despoblar devolver disolver doler dormir encontrar engrosar envolver escocer esforzar
forzar holgar hollar jugar llover moler morder morir mostrar mover oler poblar poder probar promover recontar
recordar recostar reforzar remorder remover renovar repoblar reprobar resolver resonar retorcer revolcar
revolver rodar rogar soldar soler soltar sonar soñar tostar torcer trocar tronar volar volcar volver
`);

/** e to i where the stem is stressed, and before ie and ió. */
export const E_I = words(`
ceñir colegir competir concebir conseguir corregir derretir despedir desteñir desvestir elegir embestir engreír
expedir freír gemir impedir investir medir pedir perseguir proseguir regir reelegir reír rendir reñir repetir
revestir seguir servir sonreír sofreír teñir travestir vestir
`);

/** Verbs in -ir of E_IE that keep their e and i: discernió, adquirió. */
export const WEAK_STEM_STAYS = words("adquirir inquirir discernir concernir");

/** Verbs in -iar whose i is stressed: envío. */
export const IAR_ACCENTED = words(`
aliar ampliar ansiar arriar ataviar averiar aviar biografiar caligrafiar chirriar ciar confiar contrariar criar
cuantiar desafiar descarriar desconfiar desliar desvariar desviar enfriar enviar escalofriar espiar esquiar
estriar expatriar extasiar extraviar fiar fotografiar guiar hastiar inventariar liar malcriar piar porfiar
radiografiar recriar reenviar resfriar rociar telegrafiar variar vaciar
`);

/** Verbs whose i or u beside another vowel is stressed: aúllo, reúno, aíslo. Those with h need no list. */
export const HIATUS = words(`
aislar airar aullar aunar aupar ataudar baular descafeinar embaular enraizar desenraizar europeizar arcaizar
maullar reunir desunir
`);

/** -cer after a vowel without zc: cuezo, mezo. */
export const PLAIN_CER = words("cocer escocer recocer mecer remecer");

/** Six forms; an empty text leaves the rule's. */
export type Six = readonly [string, string, string, string, string, string];

export interface Irregular {
  /** First person of the present; its stem makes the subjunctive. */
  readonly yo?: string;
  readonly present?: Six;
  /** A stem with the endings e, iste, o, imos, isteis, ieron, or all forms. */
  readonly preterite?: string | Six;
  readonly imperfect?: Six;
  readonly future?: string;
  readonly subjunctive?: Six;
  /** With tú. */
  readonly imperative?: string;
  readonly gerund?: string;
  readonly participle?: string;
}

const six = (forms: string): Six => {
  const list = forms.split(" ");
  if (list.length !== 6) throw new Error(`six forms expected: ${forms}`);
  return list as unknown as Six;
};

export const IRREGULAR: Readonly<Record<string, Irregular>> = {
  andar: { preterite: "anduv" },
  asir: { yo: "asgo" },
  caber: { yo: "quepo", preterite: "cup", future: "cabr" },
  caer: { yo: "caigo" },
  dar: {
    present: six("doy das da damos dais dan"),
    preterite: six("di diste dio dimos disteis dieron"),
    subjunctive: six("dé des dé demos deis den"),
  },
  decir: {
    yo: "digo",
    present: six("digo dices dice decimos decís dicen"),
    preterite: "dij",
    future: "dir",
    imperative: "di",
    gerund: "diciendo",
    participle: "dicho",
  },
  erguir: { imperative: "yergue" },
  estar: {
    present: six("estoy estás está estamos estáis están"),
    preterite: "estuv",
    subjunctive: six("esté estés esté estemos estéis estén"),
    imperative: "está",
  },
  haber: {
    present: six("he has ha hemos habéis han"),
    preterite: "hub",
    future: "habr",
    subjunctive: six("haya hayas haya hayamos hayáis hayan"),
  },
  hacer: {
    yo: "hago",
    preterite: six("hice hiciste hizo hicimos hicisteis hicieron"),
    future: "har",
    imperative: "haz",
    participle: "hecho",
  },
  ir: {
    present: six("voy vas va vamos vais van"),
    preterite: six("fui fuiste fue fuimos fuisteis fueron"),
    imperfect: six("iba ibas iba íbamos ibais iban"),
    subjunctive: six("vaya vayas vaya vayamos vayáis vayan"),
    imperative: "ve",
    gerund: "yendo",
  },
  oír: { yo: "oigo", present: six("oigo oyes oye oímos oís oyen"), imperative: "oye" },
  poder: { preterite: "pud", future: "podr", gerund: "pudiendo" },
  poner: { yo: "pongo", preterite: "pus", future: "pondr", imperative: "pon", participle: "puesto" },
  querer: { preterite: "quis", future: "querr" },
  saber: {
    present: six("sé sabes sabe sabemos sabéis saben"),
    preterite: "sup",
    future: "sabr",
    subjunctive: six("sepa sepas sepa sepamos sepáis sepan"),
  },
  salir: { yo: "salgo", future: "saldr", imperative: "sal" },
  ser: {
    present: six("soy eres es somos sois son"),
    preterite: six("fui fuiste fue fuimos fuisteis fueron"),
    imperfect: six("era eras era éramos erais eran"),
    subjunctive: six("sea seas sea seamos seáis sean"),
    imperative: "sé",
  },
  tener: {
    yo: "tengo",
    present: six("tengo tienes tiene tenemos tenéis tienen"),
    preterite: "tuv",
    future: "tendr",
    imperative: "ten",
  },
  traer: { yo: "traigo", preterite: "traj" },
  valer: { yo: "valgo", future: "valdr" },
  venir: {
    yo: "vengo",
    present: six("vengo vienes viene venimos venís vienen"),
    preterite: "vin",
    future: "vendr",
    imperative: "ven",
    gerund: "viniendo",
  },
  ver: {
    present: six("veo ves ve vemos veis ven"),
    preterite: six("vi viste vio vimos visteis vieron"),
    imperfect: six("veía veías veía veíamos veíais veían"),
    subjunctive: six("vea veas vea veamos veáis vean"),
    participle: "visto",
  },
  // Verbs of another, with differences of their own.
  predecir: { imperative: "predice" },
  contradecir: { imperative: "contradice" },
  desdecir: { imperative: "desdice" },
  bendecir: { imperative: "bendice", future: "bendecir", participle: "bendecido" },
  maldecir: { imperative: "maldice", future: "maldecir", participle: "maldecido" },
};

/** Prefixes with which a verb makes others that are conjugated alike. */
const PREFIXES: Readonly<Record<string, string>> = {
  andar: "des",
  caer: "de re",
  decir: "ben contra des mal pre",
  hacer: "contra des re",
  oír: "des entre",
  poner:
    "ante com contra de des dis ex im in indis inter o pos pre predis presu pro re sobre su super tras yuxta",
  salir: "sobre",
  tener: "abs con de entre man ob re sos",
  traer: "abs a con dis ex re sus",
  valer: "equi pre",
  venir: "a ante con contra de inter pre pro re sobre",
  ver: "entre pre re",
  querer: "mal",
};

export interface Compound {
  readonly base: string;
  readonly prefix: string;
  /** How many letters of the base's forms the prefix replaces: satisfacer, of hacer. */
  readonly drop: number;
}

export const COMPOUNDS: ReadonlyMap<string, Compound> = new Map([
  ...Object.entries(PREFIXES).flatMap(([base, prefixes]) =>
    prefixes.split(" ").map((prefix): [string, Compound] => [prefix + base, { base, prefix, drop: 0 }])
  ),
  ["satisfacer", { base: "hacer", prefix: "satisf", drop: 1 }],
]);

/** Participles by the end of the infinitive, the longest first. */
export const PARTICIPLES: readonly (readonly [infinitive: string, participle: string])[] = [
  ["scribir", "scrito"],
  ["cubrir", "cubierto"],
  ["abrir", "abierto"],
  ["volver", "vuelto"],
  ["absolver", "absuelto"],
  ["disolver", "disuelto"],
  ["resolver", "resuelto"],
  ["romper", "roto"],
  ["morir", "muerto"],
  ["imprimir", "impreso"],
  ["freír", "frito"],
  ["proveer", "provisto"],
  ["pudrir", "podrido"],
];

/** romper alone is irregular: corrompido. */
export const REGULAR_PARTICIPLES = words("corromper");
