import Fraction from 'fraction.js';

/** An exact rational number, in lowest terms. */
export type Rational = Fraction;

/** Longest numerator or denominator that is computed with, decimal digits. */
export const maximumDigits = 40;

const bound = 10n ** BigInt(maximumDigits);

/** `numerator / denominator`. Throws where the denominator is zero. */
export function rational(numerator: bigint | number, denominator: bigint | number = 1): Rational {
  return new Fraction(numerator, denominator);
}

/** Whether numerator and denominator have at most {@link maximumDigits} digits. */
export function isWithinBounds({ n, d }: Rational): boolean {
  return n < bound && d < bound;
}

/** The one text of a value: `-7`, `14/3`. Equal values have equal texts. */
export function rationalText(value: Rational): string {
  return value.toFraction();
}

/** A decimal number without sign: `07`, `2.50`, `.5`. */
export function parseDecimal(text: string): Rational {
  const [whole = '', fraction = ''] = text.split('.');
  return rational(BigInt(`0${whole}${fraction}`), 10n ** BigInt(fraction.length));
}

/** The number 0. */
export const zero: Rational = rational(0);
