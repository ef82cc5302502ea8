/** Three significant digits without exponents: more would pretend to an accuracy that no meter has. */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return digits > 8 ? value.toExponential(2) : grouped(value.toFixed(digits));
}

/** Groups of three digits in whole numbers of five digits and more. */
function grouped(text: string): string {
  return /^\d{5,}$/.test(text) ? text.replaceAll(/\B(?=(\d{3})+$)/g, " ") : text;
}

/** `1 run`, `2 runs`, `2 launches`. */
export function counted(count: number, noun: string): string {
  const ending = /(s|x|ch|sh)$/.test(noun) ? "es" : "s";
  return `${String(count)} ${noun}${count === 1 ? "" : ending}`;
}

/** `1 h 04 min`, `3 min 20 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} min`;
}
