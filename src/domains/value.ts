import { plainMathematics } from './notation.ts';
import { isWithinBounds, maximumDigits, parseDecimal, type Rational } from './rational.ts';

/** Longest text that can be a value, characters. */
const maximumLength = 120;

const number = String.raw`\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+`;
const fractionPattern = new RegExp(String.raw`^(${number})\s*/\s*(${number})`);
const mixedPattern = /^(\d+)\s+(\d+)\/(\d+)/;
const numberPattern = new RegExp(`^(?:${number})(?![\\d,/])`);
/** A word of a unit behind the number (`apples`, `km/h`, `square metres`), which changes nothing, and how many may be. */
const unitWord = /^[a-z°][a-z²³°]*(?:\/[a-z]+)?$/i;
const mostUnitWords = 4;
/** Words behind a number that change the value, or say that there is another one. */
const changingWords =
  /\b(?:and|or|to|times|plus|minus|over|divided|hundreds?|thousands?|millions?|billions?|dozens?|half|halves|thirds?|quarters?|percent|squared|cubed|remainder|rem|r|mod|point|x|e)\b/i;

/**
 * The exact value that a text says, however it is spelt: `7`, `07`, `7.0`, `14/2`, `1,234`, `-\frac{1}{2}`, `3 1/2`, `7
 * apples`, `+7`, `$7.50`. Undefined for everything else: expressions (`2 * 3.5`), percentages, scientific notation, wrong
 * separators (`1,23`), several numbers, other scripts' digits, numbers that are too long.
 */
export function parseValue(text: string): Rational | undefined {
  if (text.length > maximumLength) {
    return undefined;
  }
  const plain = withoutWrapping(text);
  const sign = /^[-+]?\s*/.exec(plain)?.[0] ?? '';
  const magnitude = parseMagnitude(plain.slice(sign.length));
  if (!magnitude || !isWithinBounds(magnitude)) {
    return undefined;
  }
  return sign.startsWith('-') ? magnitude.neg() : magnitude;
}

/** Without what surrounds a value: markup, `\text{ apples}`, a currency sign, a full stop. */
function withoutWrapping(text: string): string {
  const unwrapped = text
    .replaceAll(/\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}/g, ' $1')
    .replaceAll(/\*\*|__/g, '')
    .replaceAll(/(?<=\d)\\,(?=\d{3})/g, ',')
    // A mixed number: 3\frac{1}{2}.
    .replaceAll(/(?<=\d)\s*\\[dt]?frac\s*\{(\d+)\}\s*\{(\d+)\}/g, ' $1/$2')
    .replaceAll(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, '$1/$2')
    .replaceAll(/\\[dt]?frac(\d)(\d)/g, '$1/$2');
  return plainMathematics(unwrapped, { letters: true })
    .replace(/^\s*=/, '')
    .trim()
    .replace(/^([-+]?)\s*[€£¥]\s*/, '$1')
    .replace(/(?<=[\d\p{L}])\.\s*$/u, '')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
}

function parseMagnitude(text: string): Rational | undefined {
  const mixed = mixedPattern.exec(text);
  if (mixed) {
    const [all, whole = '', numerator = '', denominator = ''] = mixed;
    const part = quotient(numerator, denominator);
    return isUnit(text.slice(all.length)) && part ? part.add(parseDecimal(whole)) : undefined;
  }
  const fraction = fractionPattern.exec(text);
  if (fraction) {
    const [all, numerator = '', denominator = ''] = fraction;
    return isUnit(text.slice(all.length)) ? quotient(numerator, denominator) : undefined;
  }
  const [whole] = numberPattern.exec(text) ?? [];
  return whole !== undefined && isUnit(text.slice(whole.length)) ? decimal(whole) : undefined;
}

function isUnit(rest: string): boolean {
  const words = rest.split(/\s+/).filter((word) => word !== '');
  return words.length <= mostUnitWords && words.every((word) => unitWord.test(word)) && !changingWords.test(rest);
}

function decimal(text: string): Rational | undefined {
  const digits = text.replaceAll(/[^\d.]/g, '');
  return digits.length > maximumDigits + 1 ? undefined : parseDecimal(digits);
}

function quotient(numerator: string, denominator: string): Rational | undefined {
  const above = decimal(numerator);
  const below = decimal(denominator);
  return above && below && below.n !== 0n ? above.div(below) : undefined;
}
