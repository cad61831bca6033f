/** The days of the week, from Monday, and the months. */
export const DAYS: readonly string[] = "lunes martes miércoles jueves viernes sábado domingo".split(" ");
export const MONTHS: readonly string[] =
  "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(" ");
