/** What does not follow from rules in Spanish verbs: stem changes, irregular forms, and verbs derived from them. */

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** e to ie (i to ie in adquirir) where the stem is stressed. */
export const E_IE = words(`
  acertar acrecentar adherir adquirir advertir alentar apacentar apretar arrendar arrepentir ascender
  asentar asentir aserrar atender atravesar aventar calentar cegar cerner cernir cerrar cimentar comenzar
  concernir concertar condescender conferir confesar consentir contender controvertir convertir defender
  denegar desacertar desalentar desapretar desatender descender desconcertar desenterrar desgobernar
  deshelar desherbar desherrar desmembrar desmentir despertar desplegar desterrar diferir digerir discernir
  disentir distender divertir empedrar empezar encender encerrar encomendar endentar enmendar ensangrentar
  entender enterrar entrecerrar erguir errar escarmentar extender fregar gobernar heder helar hender hendir
  herir herrar hervir incensar inferir ingerir injerir inquirir interferir invertir malentender malherir
  manifestar mentar mentir merendar negar nevar pensar perder pervertir plegar preferir presentir proferir
  quebrar querer recalentar recomendar recomenzar reconvertir referir refregar regar regimentar reherir
  rehervir remendar renegar repensar replegar requebrar requerir resembrar resentir restregar retemblar
  reventar reverter revertir salpimentar segar sembrar sentar sentir serrar sobreentender sobrentender
  sosegar subarrendar subvertir sugerir temblar tender tentar transcender transferir trascender trasegar
  tropezar verter zaherir
`);

/** o to ue (u to ue in jugar) where the stem is stressed. */
export const O_UE = words(`
  absolver acordar acostar adormir agorar almorzar amoblar amolar apostar aprobar asolar atronar avergonzar
  cocer colar colgar comprobar concordar condoler conmover consolar consonar contar costar degollar demoler
  demostrar denostar desaprobar descolgar descollar desconsolar descontar descordar desenvolver desolar
  desoldar desollar despoblar destorcer devolver discordar disolver disonar doler dormir emporcar encontrar
  encordar engrosar ensoñar envolver escocer esforzar forzar holgar hollar jugar llover moler morder morir
  mostrar mover oler poblar poder premorir probar promover recocer recolar recontar recordar recostar
  redescontar reencontrar reforzar rehollar remoler remorder remover renovar repoblar reprobar resollar
  resolver resonar retorcer retostar retronar revolar revolcar revolver rodar rogar sobrevolar soldar soler
  soltar soñar sonar torcer tostar trastrocar trocar tronar volar volcar volver
`);

/** e to i where the stem is stressed, and before ie and ió. */
export const E_I = words(`
  ceñir colegir comedir competir concebir conseguir constreñir corregir derretir desceñir desleír desmedir
  despedir desteñir desvestir elegir embestir engreír estreñir expedir freír gemir impedir investir medir
  pedir perseguir preconcebir proseguir reelegir reexpedir refreír regir reír rendir reñir repetir reteñir
  revestir seguir servir sofreír sonreír teñir travestir vestir
`);

/** Verbs in -ir of E_IE that keep their e and i: discernió, adquirió. */
export const WEAK_STEM_STAYS = words("adquirir inquirir discernir concernir hendir cernir");

/** Verbs in -iar whose i is stressed: envío. Those in -grafiar need no list. */
export const IAR_ACCENTED = words(`
  aliar amnistiar ampliar ansiar arriar ataviar averiar aviar chirriar ciar confiar contrariar criar
  cuantiar desafiar desaviar descarriar desconfiar desliar desvariar desviar enfriar enviar escalofriar
  espiar esquiar estriar expatriar expiar extasiar extraviar fiar guiar hastiar inventariar liar malcriar
  piar porfiar recriar reenviar resfriar rociar triar vaciar variar
`);

/** Verbs whose i or u beside another vowel is stressed: aúllo, reúno, aíslo. Those with h need no list. */
export const HIATUS = words(`
  airar aislar arcaizar aullar aunar aupar descafeinar desembaular desenraizar desraizar embaular enraizar
  europeizar hebraizar judaizar maullar reunir traillar
`);

/** -cer after a vowel without zc: cuezo, mezo. */
export const PLAIN_CER = words("cocer escocer recocer mecer remecer");

/** Six forms; an empty string stands for the regular form. */
export type Six = readonly [string, string, string, string, string, string];

export interface Irregular {
  /** First person of the present; the subjunctive has its stem. */
  readonly yo?: string;
  readonly present?: Six;
  /** A stem that takes the endings e, iste, o, imos, isteis, ieron; or all six forms. */
  readonly preterite?: string | Six;
  readonly imperfect?: Six;
  readonly future?: string;
  readonly subjunctive?: Six;
  /** The form for tú. */
  readonly imperative?: string;
  readonly gerund?: string;
  readonly participle?: string;
}

const six = (forms: string): Six => {
  const list = forms.split(" ");
  if (list.length !== 6) throw new Error(`six forms expected: ${forms}`);
  return list as unknown as Six;
};

export const IRREGULAR: ReadonlyMap<string, Irregular> = new Map(Object.entries<Irregular>({
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
  // Compounds of another verb that differ from it in some forms.
  predecir: { imperative: "predice" },
  contradecir: { imperative: "contradice" },
  desdecir: { imperative: "desdice" },
  bendecir: { imperative: "bendice", future: "bendecir", participle: "bendecido" },
  maldecir: { imperative: "maldice", future: "maldecir", participle: "maldecido" },
}));

/** Prefixes that make other verbs, conjugated in the same way. */
const PREFIXES: Readonly<Record<string, string>> = {
  andar: "des",
  caer: "de re",
  decir: "ben contra des mal pre",
  hacer: "contra des re",
  oír: "des entre",
  poner:
    "ante com contra de des descom dis ex im in indis inter o pos pre predis presu pro re recom sobre su super trans tras yuxta",
  salir: "re sobre",
  tener: "a abs con de entre man manu ob re sos",
  traer: "abs a con de dis ex mal re retro subs sus",
  valer: "equi pre",
  venir: "a ad ante con contra de desa inter pre pro re recon sobre sub",
  ver: "ante entre pre re",
  querer: "bien mal",
};

export interface Compound {
  readonly base: string;
  readonly prefix: string;
  /** How many letters of the base verb's forms the prefix replaces: satisfacer, from hacer. */
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

/** Exceptions to the endings above: romper is irregular, corromper is not (corrompido). */
export const REGULAR_PARTICIPLES = words("corromper");
