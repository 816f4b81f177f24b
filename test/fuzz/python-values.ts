import fc from 'fast-check';
import { characters, pyFloat, pyText } from './python-expressions.ts';

/** Text of a Python expression beside JSON text that its value mostly equals, and sometimes only nearly. */
interface Pair {
  python: string;
  json: string;
}

/** Results of a function in Python, what is expected of each, and arguments; all a function of the seed. */
export interface ValueCases {
  pairs: Pair[];
  /** JSON text. */
  inputs: string[];
  /** Python that both sides run: what the expressions need, `values` and `describe`. */
  source: string;
}

const head = `import enum
from collections import *
from decimal import Decimal
from fractions import Fraction
class I(int): pass
class F(float): pass
class S(str):
    def __str__(self): return 'other'
class L(list): pass
class T(tuple): pass
class D(dict): pass
Point = namedtuple('Point', 'x y')
Name = enum.StrEnum('Name', {'ANN': 'ann'})
Size = enum.IntEnum('Size', {'ONE': 1, 'BIG': 300})
def describe(x): return ascii(x)
`;

const variants = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

/** JSON text of a string, as some writers have it. */
function jsonText(text: string): fc.Arbitrary<string> {
  const plain = JSON.stringify(text);
  const escaped = plain.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return variants(plain, escaped);
}

const whole = fc.oneof(
  fc.integer({ min: -9, max: 9 }).map(BigInt),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 10n ** 21n, 10n ** 40n + 1n, 300n, 1n, 0n),
);
const integerPair = whole.chain((value) =>
  fc.record({
    python: variants(`${value}`, `I(${value})`, `Fraction(${value})`, `Decimal(${value})`, `float(${value})`).chain(
      (text) => variants(text, value === 1n ? 'True' : text, value === 300n ? 'Size.BIG' : text),
    ),
    json: fc.oneof(
      { arbitrary: variants(`${value}`), weight: 8 },
      variants(`${value}.0`, `${value}e0`, `${value + 1n}`, `"${value}"`, `${value}.25`, 'true', 'false', 'null'),
    ),
  }),
);
const fractionPair = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -9999, max: 9999 }).map((value) => value / 64),
  )
  .chain((value) => {
    const text = Object.is(value, -0) ? '-0.0' : String(value);
    const python = pyFloat(value);
    return fc.record({
      python: variants(python, `F(${python})`, `Fraction(${python})`, `Decimal(${python})`, `Decimal('${text}')`),
      json: fc.oneof(
        { arbitrary: variants(text), weight: 8 },
        variants(`${value / 1.0001}`, `${value + 1e-9}`, `${Math.trunc(value) + 0}`, value.toExponential(), 'null'),
      ),
    });
  });
const textPair = fc.oneof(characters(8), variants('ann', '__proto__', '\0', '\0n', '\ud800', '')).chain((text) =>
  fc.record({
    python: variants(pyText(text), `UserString(${pyText(text)})`, `S(${pyText(text)})`).chain((plain) =>
      variants(plain, text === 'ann' ? 'Name.ANN' : plain),
    ),
    json: fc.oneof({ arbitrary: jsonText(text), weight: 8 }, jsonText(`${text} `), variants('"ann"', 'null')),
  }),
);
const constantPair = fc.constantFrom<Pair>(
  { python: 'None', json: 'null' },
  { python: 'True', json: 'true' },
  { python: 'False', json: 'false' },
  { python: 'False', json: '0' },
  { python: '1', json: 'true' },
  { python: 'None', json: '0' },
  { python: "float('inf')", json: '1e999' },
  { python: "float('nan')", json: '0' },
  { python: "Decimal('NaN')", json: '"NaN"' },
);
const noDataPair = variants(
  '{1}',
  'frozenset()',
  'range(2)',
  "b'a'",
  '1j',
  'object()',
  'len',
  'iter([])',
  'Ellipsis',
).map((python) => ({ python, json: '[]' }));

const keyPair = fc.oneof(
  fc
    .oneof(fc.stringMatching(/^[a-c]{0,3}$/), characters(3), variants('__proto__', 'constructor', '\0', 'length'))
    // Where an object had such a key, JSON.parse of Node 24 takes an escaped key in the same place of the next one for it.
    .filter((text) => text !== '\\')
    .chain((text) => fc.record({ python: fc.constant(pyText(text)), json: jsonText(text) })),
  fc.constantFrom<Pair>(
    { python: '1', json: '"1"' },
    { python: "'1'", json: '"1"' },
    { python: 'True', json: '"true"' },
    { python: 'None', json: '"null"' },
    { python: '-1.5', json: '"-1.5"' },
    { python: "S('k')", json: '"k"' },
    { python: '1e16', json: '"1e+16"' },
    { python: 'Size.ONE', json: '"1"' },
    { python: '(1,)', json: '"1"' },
  ),
);

const sequences = ['', 'L', 'tuple', 'T', 'deque', 'UserList', 'list'];
const mappings = ['', 'D', 'dict', 'OrderedDict', 'UserDict', 'ChainMap', 'Counter', '(lambda d: defaultdict(int, d))'];

const { value: pair } = fc.letrec<{ value: Pair }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: fc.oneof(integerPair, fractionPair, textPair, constantPair), weight: 40 },
    { arbitrary: noDataPair, weight: 1 },
    {
      arbitrary: fc
        .tuple(fc.array(tie('value'), { maxLength: 5 }), variants(...sequences), fc.nat({ max: 19 }))
        .map(([items, kind, odd]) => ({
          python: `${kind}([${items.map(({ python }) => python).join(', ')}])`,
          // One item less now and then.
          json: `[${items
            .slice(odd === 0 ? 1 : 0)
            .map(({ json }) => json)
            .join(', ')}]`,
        })),
      weight: 12,
    },
    {
      arbitrary: fc.tuple(tie('value'), tie('value')).map(([x, y]) => ({
        python: `Point(${x.python}, ${y.python})`,
        json: `[${x.json},${y.json}]`,
      })),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(fc.array(fc.tuple(keyPair, tie('value')), { maxLength: 4 }), variants(...mappings), fc.nat({ max: 19 }))
        .map(([members, kind, odd]) => ({
          python: `${kind}({${members.map(([key, { python }]) => `${key.python}: ${python}`).join(', ')}})`,
          json: `{${members
            .slice(odd === 0 ? 1 : 0)
            .map(([key, { json }]) => `${key.json}: ${json}`)
            .join(', ')}}`,
        })),
      weight: 12,
    },
  ),
}));

/** `size` results and as many arguments. */
export function pythonValues(seed: number, size: number): ValueCases {
  const pairs = fc.sample(pair, { seed, numRuns: size });
  const inputs = fc.sample(pair, { seed: -seed - 1, numRuns: size }).map(({ json }) => json);
  const values = pairs.map(({ python }) => `    lambda: ${python},\n`).join('');
  return { pairs, inputs, source: `${head}values = [\n${values}]\n` };
}

/**
 * Prints, as JSON, the verdict on each pair and the description of each argument, by CPython's `==`: sequences as lists,
 * keys as json.dumps writes them, and the judge's rule for fractions: 1e-6, absolute or relative, but no more than a
 * hundredth of what is expected.
 */
export function valueReference({ pairs, inputs, source }: ValueCases): string {
  const texts = JSON.stringify([pairs.map(({ json }) => json), inputs]);
  return `import json
${source}
def plain(x):
    if x is None or isinstance(x, (bool, Fraction, Decimal)): return x
    for kind in (int, float):
        if isinstance(x, kind): return kind(x)
    if isinstance(x, (str, UserString)): return x.data if isinstance(x, UserString) else x[:]
    if isinstance(x, (list, tuple, deque, UserList)): return [plain(item) for item in x]
    if isinstance(x, (dict, UserDict, ChainMap)):
        members = [(key_of(key), plain(item)) for key, item in x.items()]
        if len(dict(members)) < len(members): raise TypeError
        return dict(members)
    raise TypeError
def key_of(key):
    return key[:] if isinstance(key, str) else next(iter(json.loads(json.dumps({key: 0}))))
def same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in b)
    if isinstance(b, float) and isinstance(a, (int, float, Fraction, Decimal)):
        return a == b or abs(float(a) - b) <= min(1e-6 * max(1, abs(b)), max(0.01 * abs(b), 1e-12) if b else 1e-6)
    return a == b
def verdict(value, text):
    try: actual = plain(value())
    except TypeError: return 'BAD'
    return 'AC' if same(actual, json.loads(text)) else 'WA'
expected, inputs = json.loads(${pyText(texts)})
print(json.dumps([list(map(verdict, values, expected)), [describe(json.loads(text)) for text in inputs]]))
`;
}

/** What the judge is given: `solve("value", i)` returns a result, `solve("input", x)` describes its argument. */
export const solveSource = `
def solve(kind, x): return values[x]() if kind == 'value' else describe(x)
`;
