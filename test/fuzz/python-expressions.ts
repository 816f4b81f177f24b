import fc from 'fast-check';

/** Text of Python, a function of the values of its holes: py`print(${value})`. Backslashes are Python's. */
export function py(parts: TemplateStringsArray, ...holes: fc.Arbitrary<unknown>[]): fc.Arbitrary<string> {
  return fc.tuple(...holes).map((values) => String.raw(parts, ...values));
}

/** Characters that Unicode 14 (CPython 3.11) and later ones say the same of. */
const letter = fc.constantFrom(
  ...Array.from('abcxyzABCXYZ019 _-+.,:;%{}[]()<>=!?#/|~^&*@$"éßñÅΩσςжЯ中日本語ﬁİıſŉ😀🎉٣½²Ⅷ\u0301\u200d'),
);
const control = fc.constantFrom(...Array.from("\n\t\r\v\f\0\x1b\x1c\x1f\x7f\x85\xa0\u2028\u3000\ufeff\\'"));

/** Text of letters, digits, signs, white space of every kind and control characters. */
export function characters(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.oneof({ arbitrary: letter, weight: 6 }, control), maxLength });
}

/** A literal of Python: letters stand for themselves, the rest is escaped. */
export function pyText(text: string): string {
  const escaped = text.replace(/[\\'\p{C}\p{Z}]/gu, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    return sign === ' ' ? sign : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `'${escaped}'`;
}

export function pyFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return `float('${value}')`;
  }
  const text = Object.is(value, -0) ? '-0.0' : String(value);
  return `(${/[.e]/.test(text) ? text : `${text}.0`})`;
}

export const small = fc.integer({ min: -4, max: 9 }).map(String);
export const count = fc.nat({ max: 12 }).map(String);
export const bigInteger = fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n });
export const integer = fc
  .oneof(fc.integer({ min: -20, max: 20 }), fc.integer(), bigInteger)
  .map((value) => `(${value})`);
/** Any double, and those of a few digits, which people write. */
export const float = fc.oneof(
  fc.double().map(pyFloat),
  fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.nat({ max: 6 })).map(([a, b]) => pyFloat(a / 10 ** b)),
);
export const text = fc.oneof(characters(12), characters(40)).map(pyText);
export const word = fc.stringMatching(/^[a-e]{0,6}$/).map(pyText);
const digits = fc.stringMatching(/^[-+ ]?[0-9_٣a-f.eE]{0,8}[ \t]?$/).map(pyText);
const bytes = fc.uint8Array({ maxLength: 12 }).map((items) => `bytes([${[...items].join(', ')}])`);
export { bytes, digits };

export function list(item: fc.Arbitrary<string>, maxLength = 6): fc.Arbitrary<string> {
  return fc.array(item, { maxLength }).map((items) => `[${items.join(', ')}]`);
}
export const integers = list(fc.integer({ min: -9, max: 30 }).map(String), 12);
export const words = list(word, 8);

/** Text of a Decimal; exponents that a context of 32 bits has, too. */
export const decimal = fc
  .oneof(
    fc.stringMatching(/^-?[0-9]{1,12}(\.[0-9]{0,12})?(e-?[0-9]{1,2})?$/),
    fc.constantFrom('NaN', '-Infinity', '1e400', '-0.00', 'x', '1_0'),
  )
  .map((value) => `Decimal('${value}')`);
export const fraction = py`Fraction(${fc.integer({ min: -99, max: 99 })}, ${fc.integer({ min: 1, max: 60 })})`;
const date = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map((parts) => `date(${parts.join(', ')})`);
const delta = py`timedelta(days=${fc.integer({ min: -999, max: 999 })}, seconds=${fc.integer({ min: -99_999, max: 99_999 })}, microseconds=${fc.nat()})`;
const complex = py`complex(${fc.integer({ min: -9, max: 9 })}, ${fc.double({ noDefaultInfinity: true, noNaN: true }).map(pyFloat)})`;
const constants = fc.constantFrom(
  'None',
  'True',
  'False',
  '...',
  'NotImplemented',
  'int',
  'len',
  'ValueError',
  'set()',
);
export { complex, date, delta };

/** A value that can be a key. */
export const key = fc.oneof(integer, float, text, bytes, fc.constantFrom('None', 'True', '()', '(1, 2)', "('a', 0)"));

/** Text of expressions for values of every built-in kind and of the collections that solutions use. */
export const { value } = fc.letrec<{ value: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    { arbitrary: fc.oneof(integer, float, text, constants), weight: 4 },
    fc.oneof(bytes, complex, decimal, fraction, date, delta),
    py`range(${small}, ${small}, ${fc.constantFrom(1, -1, 3)})`,
    py`bytearray(${bytes})`,
    // A set of more would print in an order that hangs on the width of a hash.
    py`{${key}}`,
    py`frozenset([${key}])`,
    py`Point(${integer}, ${text})`,
    py`Box(${float}, ${words})`,
    fc.constantFrom('Color.RED', 'Level.LOW', 'Level.LOW | Level.HIGH', 'Size.BIG', 'Name.ANN'),
  ),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    list(tie('value')),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `(${items.map((item) => `${item}, `).join('')})`),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((pairs) => `{${pairs.map(([name, member]) => `${name}: ${member}`).join(', ')}}`),
    py`deque(${list(tie('value'))}, ${fc.constantFrom('None', '3')})`,
    py`Counter(${words})`,
    py`defaultdict(list, {${key}: ${tie('value')}})`,
    py`Box(${tie('value')}, [])`,
  ),
}));
