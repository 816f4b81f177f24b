import fc from 'fast-check';
import type { FuzzProgram } from './programs.ts';
import {
  bytes,
  characters,
  complex,
  count,
  date,
  decimal,
  delta,
  digits,
  float,
  fraction,
  integer,
  integers,
  key,
  list,
  py,
  small,
  text,
  value,
  word,
  words,
} from './python-expressions.ts';

/*
 * The judge's Python is 3.14 in 32 bits with musl's mathematics, the machine's one of 3.11 or later in 64 bits with its
 * own. What differs for these reasons alone is not generated:
 * - hashes, hence the order of sets, `random.seed` of a float; sizes over 2 ** 31; exponents of a Decimal over 425,000,000;
 * - the last digits of sin, exp, pow and their like;
 * - sums of floats, which 3.12 made more exact; the order that sorting gives what has none (NaN); real with complex
 *   numbers, format specifications with `_` behind the point and arithmetic of complex infinities, which are 3.14's;
 * - the repr of OrderedDict, partial and the iterators of itertools; slices, which are hashable since 3.12; equality of data
 *   classes with NaN, which 3.13 changed; messages of exceptions; re.error (now PatternError); identifiers that are not
 *   ASCII;
 * - what is written around the buffer of standard output, since the judge lets each line leave at once;
 * - (-1).to_bytes(0), textwrap of words that are longer than a line or of lines of white space, numbers of OSError.
 */

const head = `import sys, os, io, re, math, json, copy, struct, string, base64, zlib, hashlib, random, textwrap, statistics
import bisect, heapq, itertools, functools, operator, contextlib, enum, unicodedata
from collections import *
from dataclasses import dataclass, field, asdict, replace
from datetime import date, datetime, timedelta
from decimal import *
from fractions import Fraction
from typing import *
Point = namedtuple('Point', 'x y')
Color = enum.Enum('Color', 'RED BLUE')
Level = enum.Flag('Level', 'LOW HIGH')
class Size(enum.IntEnum):
    BIG = 3
class Name(enum.StrEnum):
    ANN = 'ann'
@dataclass(order=True)
class Box:
    size: float
    items: list = field(default_factory=list)
def call(a, b=2, *c, d=4, **e):
    return a, b, c, d, e
def tell(error):
    print(type(error).__name__)
`;

const ordinary = fc.oneof(
  { arbitrary: py`print(${value})`, weight: 3 },
  py`v = ${value}; print(repr(v), str(v), ascii(v), type(v).__name__, bool(v))`,
  py`print(${value}, ${value}, sep=${text}, end=${text}); print()`,
  // Quotes and braces within are 3.12's.
  py`v, x = ${value}, ${float}; print(f'{v!r:>30}|{v!s}|{x=}|{x:>{len(str(v)) % 30}}|{{}}')`,
  py`print('%s %r %a|%-9s|%5s' % (${value}, ${value}, ${text}, ${word}, ${integer}))`,
  py`v = ${value}; print(repr(copy.deepcopy(v)) == repr(copy.copy(v)), [v] == [v], v is v)`,
  py`v = ${list(value)}; print(v == list(reversed(v))[::-1], v.count(v[0]), v[0] in v)`,
  // Numbers
  py`print(${integer} ${fc.constantFrom('+', '-', '*', '&', '|', '^', '==', '<', '>=')} ${integer})`,
  py`print(${float} ${fc.constantFrom('+', '-', '*', '==', '<', '!=')} ${fc.oneof(float, integer)})`,
  py`print(int(${digits}), ${integer})`,
  py`print(int(${digits}, ${fc.constantFrom(2, 8, 10, 16, 36, 0)}))`,
  py`print(float(${digits}))`,
  py`print(float(${text}))`,
  py`print(bin(${integer}), hex(${integer}), oct(${small}), (${integer}).bit_length(), (${integer}).bit_count())`,
  py`print((${integer}).to_bytes(${fc.integer({ min: 1, max: 18 })}, ${fc.constantFrom("'big'", "'little'")}, signed=${fc.constantFrom('True', 'False')}))`,
  py`print(int.from_bytes(${bytes}, ${fc.constantFrom("'big'", "'little'")}, signed=${fc.constantFrom('True', 'False')}))`,
  py`print(pow(${integer}, ${count}, ${integer}), ${small} ** ${count}, ${integer} >> ${count}, ${integer} << ${count})`,
  py`print(pow(${small}, -1, ${fc.constantFrom(7, 12, 1_000_000_007)}))`,
  py`print(math.isqrt(abs(${integer})), math.gcd(${integer}, ${integer}), math.lcm(${integer}, ${small}), math.comb(30, ${count}))`,
  py`print(round(${float}, ${fc.integer({ min: -20, max: 20 })}), round(${integer}, ${small}))`,
  py`print(round(${float}))`,
  py`print((${float}).hex(), math.floor(${float}), math.ceil(${float}), math.trunc(${float}))`,
  py`print(math.copysign(${float}, ${float}), math.frexp(${float}), math.modf(${float}), math.nextafter(${float}, ${float}), math.ulp(${float}))`,
  py`print(math.fsum([${float}, 1e16, ${float}, -1e16]), sum(${integers}), math.prod(${integers}), min(${float}, ${integer}), max(${float}, ${float}))`,
  py`print(int(${float}), float(${integer}), ${integer} == ${float})`,
  py`print(${complex} + ${complex}, ${complex} * 1j, (${complex}).conjugate())`,
  py`print(sorted(n for n in [${float}, ${integer}, ${float}, ${integer}] if n == n), statistics.median(${integers}), statistics.mean(${integers}))`,
  py`print(round(${fraction}, 2), math.floor(${fraction}), float(${fraction}), ${fraction} + ${integer}, Fraction(${float}))`,
  py`print(${decimal} ${fc.constantFrom('+', '-', '*', '/', '%', '//', '<', '==', '**')} ${decimal})`,
  py`print((${decimal}).quantize(Decimal('0.01'), rounding=${fc.constantFrom('ROUND_HALF_UP', 'ROUND_HALF_EVEN', 'ROUND_FLOOR', 'ROUND_UP')}))`,
  py`print(round(${decimal}, ${small}), (${decimal}).normalize(), (${decimal}).as_tuple(), (${decimal}).sqrt(), int(${decimal}))`,
  py`
with localcontext() as c:
    c.prec = ${fc.integer({ min: 1, max: 40 })}
    print(${decimal} / ${decimal}, +${decimal}, Decimal(${integer}).ln(), Decimal(${float}))`,
  // Text
  py`print(repr((${text}).${fc.constantFrom('upper', 'lower', 'title', 'capitalize', 'swapcase', 'casefold', 'strip', 'split', 'splitlines', 'expandtabs', 'rstrip')}()))`,
  py`s = ${text}; print(s.isalpha(), s.isdigit(), s.isdecimal(), s.isnumeric(), s.isalnum(), s.isspace(), s.isupper(), s.istitle(), s.isascii(), s.isprintable(), len(s))`,
  py`print((${words} * 3)[${count}].join(${words}), '-'.join(map(str, ${integers})))`,
  py`s = ${text}; print(s[${small}:${small}], s[::${fc.constantFrom(-1, 2, -3)}], s.find(${word}), s.count(s[:1]), s.replace(s[:1], 'Z', ${small}))`,
  py`s = 'a,b,,c d  e,a'; print(s.split(${fc.constantFrom("','", 'None', "', '", "''", "'a'")}, ${small}), s.rsplit(None, ${small}), s.partition(${word}), s.rpartition(','), s.strip(${word}))`,
  py`print(repr((${text}).center(${count}, ${fc.constantFrom("'*'", "' '", "'é'")})), (${digits}).zfill(${count}), (${word}).ljust(${count}, '.'))`,
  py`print((${text}).encode(${fc.constantFrom("'utf-8'", "'utf-16'", "'latin-1', 'replace'", "'ascii', 'xmlcharrefreplace'", "'ascii', 'backslashreplace'", "'utf-8-sig'", "'ascii', 'ignore'")}))`,
  py`print((${text}).encode('ascii'))`,
  py`print((${bytes}).decode(${fc.constantFrom("'utf-8'", "'latin-1'", "'ascii'", "'utf-8', 'replace'", "'utf-8', 'ignore'", "'utf-16-le', 'replace'")}))`,
  py`print((${text}).translate(str.maketrans('abc', 'xyz', 'é ')), [ord(c) for c in ${text}], chr(abs(${fc.integer({ min: 0, max: 50_000 })})))`,
  py`print(unicodedata.normalize(${fc.constantFrom("'NFC'", "'NFD'", "'NFKC'", "'NFKD'")}, ${text}), (${text}).startswith(('a', 'é')), (${text}).removeprefix('a'))`,
  py`print('{} {0}'.format(1))`,
  py`print('{0} {a[k]} {b.x} {1!r:>8} {0:{w}}'.format(${word}, ${integer}, a={'k': ${value}}, b=Point(${text}, 0), w=${count}))`,
  py`print(sorted(${words}, key=${fc.constantFrom('len', 'None', 'str.upper', 'lambda s: (-len(s), s)')}, reverse=${fc.constantFrom('True', 'False')}))`,
  py`print((${bytes}).hex(' '), base64.b64encode(${bytes}), zlib.crc32(${bytes}), hashlib.${fc.constantFrom('md5', 'sha1', 'sha256', 'sha512', 'blake2b', 'sha3_256')}(${bytes}).hexdigest(), (${bytes}).find(${bytes}[:1]))`,
  py`print(re.${fc.constantFrom('findall', 'split', 'fullmatch', 'search')}(r'${fc.constantFrom('\\d+', '(a|b)+?c?', '(?P<n>\\w)(?P=n)', '[^a-c]', '(?i)A(?=b)|$', '\\b', '(\\s)|,', '(?<!a)b', '\\W+')}', ${text}))`,
  py`print(re.sub(r'${fc.constantFrom('[a-c]', '\\s+', '(.)(.)', '\\d?')}', ${fc.constantFrom("r'<\\g<0>>'", 'lambda m: m.group().upper()', "''")}, ${text}, count=${count}))`,
  py`print(textwrap.fill(' '.join(${words} * 3), ${fc.integer({ min: 8, max: 20 })}), textwrap.dedent('  a\n    ' + ${word}), string.capwords(${text}), textwrap.shorten(' '.join(${words}), 12))`,
  py`print(string.Template('$a $b $$').${fc.constantFrom('substitute', 'safe_substitute')}({${word}: ${integer}, 'a': ${text}}))`,
  py`v = ${list(fc.oneof(integer, text, float))}; print(json.dumps(v), json.dumps({'k': v}, indent=${count}, ensure_ascii=False, sort_keys=True), json.loads(json.dumps(v)) == v)`,
  py`print(json.loads(${text}))`,
  // Containers
  py`x = list(range(${count})); x[${small}:${small}:${small}] = ${integers}; print(x)`,
  py`x = list(range(${count})); x[${small}:${small}] = ${words}; del x[::${small}]; x.insert(${small}, 'i'); print(x, x.pop(${small}))`,
  py`x = ${integers}; x.remove(${small}); x.sort(key=lambda n: n % 5); x.extend('ab'); x.reverse(); print(x, x[${small}], x * 2)`,
  py`a, b = set(${integers}), set(${integers}); print(sorted(a | b), sorted(a & b), sorted(a - b), sorted(a ^ b), a <= b, a.isdisjoint(b), len(a))`,
  py`d = {${key}: 1, ${key}: 2}; d.update({${key}: 3}); d.setdefault(${key}, []); print(list(d.items()), d.get(${key}), list(reversed(d)), d | {1: 1}); print(d.pop(${key}))`,
  py`print({}[${key}])`,
  py`c = Counter(${words}); c.subtract(${words}); print(c, c.most_common(2), +c, c + Counter('ab'), c | Counter('abb'), c & Counter('b'), sorted(c.elements()), c.total(), c['zz'])`,
  py`q = deque(${integers}, maxlen=${fc.constantFrom('None', '5')}); q.rotate(${small}); q.appendleft('l'); q.extend('xy'); print(q, q[${small}], q.index('x'))`,
  py`d = defaultdict(${fc.constantFrom('int', 'list', 'lambda: 7')}); d[${key}]; print(dict(d)); o = OrderedDict.fromkeys(${words}); o.move_to_end('a', last=False); print(list(o))`,
  py`print(dict(ChainMap({1: 2}, {${key}: 0})), list(zip(${integers}, ${words})), list(enumerate(${words}, ${small})), list(map(abs, ${integers})), any(${integers}), all(${words}))`,
  py`h = ${integers}; heapq.heapify(h); heapq.heappush(h, ${small}); print(h, heapq.nsmallest(3, h), heapq.nlargest(2, h), heapq.heappushpop(h, 0), list(heapq.merge([1, 4], [2, 3])), [heapq.heappop(h) for _ in range(${count})])`,
  py`x = sorted(${integers}); print(bisect.bisect(x, ${small}), bisect.bisect_left(x, ${small}, ${count}), bisect.insort(x, ${small}), x)`,
  py`x = ${integers}; print(list(itertools.accumulate(x, ${fc.constantFrom('max', 'operator.mul', 'lambda a, b: b - a')})), list(itertools.combinations(x[:5], 2)), list(itertools.permutations(x[:3])), list(itertools.product(x[:2], repeat=2)), list(itertools.pairwise(x)))`,
  py`x = ${integers}; print([(k, list(g)) for k, g in itertools.groupby(x, lambda n: n % 2)], list(itertools.islice(itertools.cycle(x or 'a'), ${count})), list(itertools.takewhile(lambda n: n > 0, x)), list(itertools.zip_longest(x, 'ab')), list(itertools.compress(x, [1, 0, 1])), list(itertools.chain(x, ${words})))`,
  py`print(functools.reduce(lambda a, b: a * 2 - b, ${integers}), sorted(${words}, key=functools.cmp_to_key(lambda a, b: (a < b) - (a > b))))`,
  py`p = Point(${value}, ${integer}); print(p, p._replace(x=1), p._asdict(), p[1], p == tuple(p)); b = Box(${float}); print(b, asdict(b), replace(b, size=2), b < Box(1), b == Box(${float}))`,
  py`print(call(${fc.constantFrom('', '1', '*[1, 2, 3]', '1, d=5, z=6', 'b=3', '1, 2, 3, a=1', "**{'a': 1, 'q': 2}")}))`,
  py`print((lambda x, /, *, why: x)(${fc.constantFrom('1', '1, why=2', '1, 2', 'x=1', '')}))`,
  py`a, b, *c = ${integers}; print(a, b, c)`,
  py`print(${fc.constantFrom('1 + "a"', '"a" + 1', '[] + ()', 'None < 1', '-"a"', '1()', '[1][5]', '(1,)[2]', '"abc"[9]', '[1]["a"]', 'len(5)', 'iter(3)', 'None.x', '[].y', 'int.z', 'next(iter([]))', 'int([])', 'chr(-1)', 'ord("ab")', 'max([])', '"".join([1])', '[1].remove(2)', 'range(1, 2, 0)', 'undefined_name', 'int("9" * 5000)', '10 ** 5000', 'abs("a")', 'sum(["a"])', 'sorted([1, "a"])', 'sorted([[1], 2])', 'set([1]).remove(2)', 'deque().pop()', '[].pop()', '{}.popitem()', 'round("a")', 'isinstance(1, 2)', 'hash([])', '"%d" % "a"', '"a" * 1.5', 'float("a")', 'bytes([256])', 'Decimal("x")', 'Fraction("x")', 'date(2023, 2, 30)', 'date.fromisoformat("x")', 'Color(9)', 'Color["X"]', 'complex("x")', '__import__("no_such_module")', 'math.factorial(-1)', 'type("A", (), {})().x', 'super().x', 'eval("1 +")', 'object().__len__', 'list(map(int, ["1", "x"]))')})`,
  // Objects
  py`d = ${date}; print(d, repr(d), d.weekday(), d.isocalendar(), d.toordinal(), d + ${delta}, d - ${date}, d.strftime('%j %a %b %U'), d.replace(day=1), ${delta} // 7, (${delta}).total_seconds())`,
  py`print(datetime(2024, 2, 29, 12, 30) + ${delta}, datetime.fromisoformat('2024-01-01T00:00:00') < datetime.max, datetime.strptime('05/03/21', '%d/%m/%y'), ${delta} * 2 > ${delta})`,
  py`
class A:
    def __init__(self, x): self.x = x
    def __repr__(self): return f'A({self.x!r})'
    def __eq__(self, other): return isinstance(other, A) and self.x == other.x
    def __lt__(self, other): return self.x < other.x
    def __getitem__(self, i): return self.x[i]
    def __len__(self): return ${small}
    @property
    def twice(self): return self.x * 2
    def __getattr__(self, name): raise AttributeError(name)
a = A(${fc.oneof(integer, text, list(value))}); print(a, a.twice if not isinstance(a.x, float) else 0, [a] == [A(a.x)], sorted([A(2), A(1)])); print(a[${small}], bool(a), len(a)); a.nope`,
  py`
def g(n):
    try:
        while True:
            got = yield n
            n = n + 1 if got is None else got
    finally:
        print('closed')
it = g(${integer}); print(next(it), it.send(${integer}), next(it)); it.close(); print(list(it)); next(it)`,
  py`
match ${value}:
    case [x, *rest]: print('sequence', x, rest)
    case {1: y, **others}: print('mapping', y, others)
    case Point(x, y) | Box(x, y): print('class', x, y)
    case int() | float() as n if n == n: print('number', n)
    case str(s): print('text', s)
    case other: print('else', other)`,
  py`
@functools.lru_cache(maxsize=${fc.constantFrom('None', '3')})
def f(n): return n if n < 2 else f(n - 1) + f(n - 2)
print(f(${count}), f.cache_info())`,
  py`
try:
    try: raise KeyError(${key})
    except KeyError as e: raise ValueError(${text}, ${integer}) from e
    finally: print('finally')
except* ValueError as group: print(group.exceptions, repr(group.exceptions[0].__cause__))`,
  py`
class Own(Exception): pass
raise Own(${value})`,
  py`print({x: y for x, y in zip(${words}, ${integers}) if (z := y) > 2}, [a for a in ${integers} if a % 2], list(filter(None, ${integers})), sum(x * x for x in ${integers}))`,
  // Streams
  py`print(sys.stdout.write(${text}), print(${value}, file=sys.stderr), sys.stdout.flush())`,
  py`
with contextlib.redirect_stdout(io.StringIO()) as out: print(${value}); sys.stdout.write('x')
print(repr(out.getvalue()))`,
  py`f = io.StringIO(${text}); print(f.readline(), f.read(${small}), f.tell(), list(f)); b = io.BytesIO(${bytes}); print(b.readline(), b.read(2), b.getvalue())`,
  py`sys.stdout = io.StringIO(); print(1); kept = sys.stdout.getvalue(); sys.stdout = sys.__stdout__; print(kept, ${text})`,
  // Chance
  py`r = random.Random(${integer}); print(r.random(), r.randint(1, ${fc.bigInt({ min: 1n, max: 2n ** 90n })}), r.choice('abc'), r.sample(range(50), 5), r.getrandbits(70), r.choices([1, 2, 3], k=4), r.uniform(1, 2), r.randrange(0, 100, 7), r.randbytes(3))`,
  py`random.seed(${fc.oneof(integer, text, bytes)}); x = ${integers}; random.shuffle(x); print(x, random.random())`,
);

const specification = fc
  .tuple(
    fc.constantFrom('', '<', '>', '^', '=', '*^', 'é<', '0='),
    fc.constantFrom('', '+', ' ', '-', 'z'),
    fc.constantFrom('', '#'),
    fc.constantFrom('', '0'),
    fc.oneof(fc.constant(''), fc.nat({ max: 30 }).map(String)),
    fc.constantFrom('', '', ',', '_'),
    fc.oneof(
      fc.constant(''),
      fc.nat({ max: 20 }).map((digit) => `.${digit}`),
    ),
    fc.constantFrom('', '', 'd', 'b', 'x', 'X', 'o', 'c', 'e', 'E', 'f', 'F', 'g', 'G', '%', 's', 'n'),
  )
  .map((parts) => parts.join(''));
const percent = fc
  .tuple(
    fc.constantFrom('', '-', '0', '+', ' ', '#', '-+', '0#'),
    fc.oneof(fc.constant(''), fc.nat({ max: 20 }).map(String)),
    fc.oneof(
      fc.constant(''),
      fc.nat({ max: 20 }).map((digit) => `.${digit}`),
    ),
    fc.constantFrom(...Array.from('diouxXeEfFgGcrsa%')),
  )
  .map((parts) => `%${parts.join('')}`);

/** What often raises. */
const risky = fc.oneof(
  { arbitrary: py`print(format(${fc.oneof(integer, float)}, '${specification}'))`, weight: 3 },
  py`v = ${integer}; print(format(${fc.oneof(text, decimal)}, '${specification}'), f'{v:${specification}}')`,
  { arbitrary: py`print('${percent}' % ${fc.oneof(integer, float, text)})`, weight: 2 },
  py`print(b'${percent}|%b' % (${fc.oneof(integer, float)}, ${bytes}))`,
  py`print(${integer} ${fc.constantFrom('//', '%', '/')} ${integer}, divmod(${integer}, ${small}))`,
  py`print(${float} ${fc.constantFrom('//', '%', '/')} ${float}, divmod(${float}, ${float}), math.fmod(${float}, ${float}), math.remainder(${float}, ${float}))`,
  py`print(math.sqrt(${float}), (${float}).as_integer_ratio(), (${float}).is_integer(), math.ldexp(${float}, ${small}), math.isclose(${float}, ${float}))`,
  py`print(*[format(f(${float}), '.11g') for f in (math.sin, math.exp, math.log, math.atan, math.tanh, math.cbrt)], format(${float} ** ${small}, '.11g'), format(math.hypot(${float}, 3), '.11g'))`,
  py`print(${integers}.index(${small}), ${words}.index(${word}), (${integers} + [5]).index(5, ${small}, ${small}))`,
  py`a, b = ${integers}; print(a, b)`,
  py`print({${value}: 1}, {${value}})`,
  py`print(json.dumps(${value}))`,
  py`print(${value} ${fc.constantFrom('+', '<', '==', 'in', 'and', 'or', 'is not')} ${value})`,
  py`print(sorted([${text}, ${value}]), max(${word}, ${value}))`,
  py`print(struct.pack('<${fc.constantFrom('bhiq', '4sd', '>Hf', '?Qx', '3B')}', *${integers}))`,
  py`print(struct.unpack('<HhI', (${bytes} * 8)[:8]), (${bytes}).split(b'a'), bytes.fromhex(${digits}), list(${bytes}))`,
  py`print(${fraction} ${fc.constantFrom('+', '-', '*', '/', '//', '%', '<', '==')} ${fraction}, (${fraction}).limit_denominator(${count}))`,
  py`print(eval(repr(${fc.oneof(integer, float, text, bytes, list(integer))})))`,
);

/** What raises is told by the name of its exception alone: each version of Python words some messages differently. */
const statement = fc.oneof({ arbitrary: ordinary, weight: 4 }, risky);

/** `size` statements, each apart from the others. */
export function pythonStatements(seed: number, size: number): FuzzProgram {
  const blocks = fc.sample(statement, { seed, numRuns: size }).map((body, index) => {
    const lines = body.trim().split('\n');
    const indented = lines.map((line) => `    ${line}`).join('\n');
    return `print('#${index}')\ntry:\n${indented}\nexcept Exception as error: tell(error)\n`;
  });
  return { source: head + blocks.join(''), stdin: '' };
}

const readers = [
  'try:\n    while True: print(repr(input()))\nexcept EOFError as e: print(e)',
  'import sys\nfor line in sys.stdin: print(repr(line))',
  'import sys\nprint(repr(sys.stdin.read()))',
  'import sys\nprint(sys.stdin.readlines())',
  'import sys\nwhile part := sys.stdin.read(5): print(repr(part))',
  'import sys\ninput = sys.stdin.readline\nwhile line := input(): print(repr(line), repr(line.rstrip()))',
  'import sys\nprint(sys.stdin.buffer.read(), sys.stdin.buffer.read())',
  'import sys\nprint([line for line in sys.stdin.buffer], sys.stdin.buffer.readline())',
  'print(open(0).read().split())',
  'import os\nwhile part := os.read(0, 7): print(part)',
  'import io, os\nprint(io.BytesIO(os.read(0, os.fstat(0).st_size)).readlines())',
  'import fileinput\nfor line in fileinput.input(): print(fileinput.lineno(), repr(line))',
  'import sys\nprint(list(iter(sys.stdin.readline, "")))',
  'print(list(iter(input, "")))\nprint(input("next? "))',
  'import sys\nprint(repr(input()))\nprint(repr(sys.stdin.read()))\nprint(sys.stdin.read() == "")\ninput()',
  'import sys\nprint(repr(sys.stdin.readline(4)), sys.stdin.readlines(9), next(sys.stdin, None))',
  'import io, sys\nfor line in io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""): print(repr(line))',
  'import sys\nsys.stdin.reconfigure(encoding="latin-1")\nprint(repr(sys.stdin.read()))',
  'import sys\nprint(sys.stdin.read().splitlines(keepends=True))',
  'with open("/dev/stdin") as f: print([line.split() for line in f])',
  'import sys\nsys.stdin = open("/dev/stdin", "rb")\nprint(sys.stdin.readline(), sum(map(len, sys.stdin)))',
  'n, *rest = map(str, open(0))\nprint(repr(n), len(rest))',
  'import sys\ndata = iter(sys.stdin.buffer.read().split())\nprint(next(data), len(list(data)))',
  'import csv, sys\nfor row in csv.reader(sys.stdin): print(row)',
  'import sys\ninput()\nsys.stdin.seek(0)\nprint(repr(sys.stdin.read()))',
  'import sys\nfor line in map(str.strip, sys.stdin): sys.stdout.write(line + "|")\nsys.stdout.flush()\nsys.stdout.buffer.write(b"end\\n")',
  'import sys\nline = sys.stdin.readline()\nprint(line, end="", file=sys.stderr)\nprint(line, end="")\nsys.stdout.flush()\nsys.stdout.buffer.write(line.encode())\nprint(1, 2, sep="", end="!")',
];

/** One way to read standard input, on text of many lengths. */
export function pythonReading(seed: number): FuzzProgram {
  const line = fc.tuple(characters(30), fc.constantFrom('\n', '\r\n', '\n\n', '\r')).map((parts) => parts.join(''));
  const lines = fc.tuple(fc.array(line, { maxLength: 12 }), characters(12));
  const [[ended, last] = [[], '']] = fc.sample(lines, { seed, numRuns: 1 });
  return { source: readers[seed % readers.length] ?? '', stdin: ended.join('') + last };
}

/** What ends a program, or happens at its end. */
const ending = fc.oneof(
  py`raise ${fc.constantFrom('ValueError', 'KeyError', 'OSError', 'StopIteration', 'AssertionError', 'Exception', 'UnicodeError', 'MemoryError')}(${value})`,
  py`raise Own(${text})`,
  py`raise Own`,
  py`sys.exit(${fc.oneof(value, small, fc.constantFrom('256', '-1', 'None', 'True', '2 ** 40', "''"))})`,
  py`raise SystemExit(${fc.oneof(text, small)})`,
  py`assert ${fc.constantFrom('0', '[]', '1')}, ${value}`,
  py`print(1 / ${small})`,
  py`${fc.constantFrom('quit()', 'exit(4)', 'exit("bye")', 'sys.exit()', 'int("x")', '[][0]', '{}["k"]', 'None.x', 'missing', '"a" + 1', 'raise', 'raise 5', 'import no_such_module', 'from collections import no_such')}`,
  py`
try: 1 / 0
except ZeroDivisionError as e: raise Own(${text}) from ${fc.constantFrom('e', 'None')}`,
  py`raise ExceptionGroup(${word}, [ValueError(${text}), Own(1)])`,
  py`
def f(n): return f(n + 1)
f(0)`,
  py`
class Bad(Exception):
    def __str__(self): raise ValueError
raise Bad`,
  py`
e = Own(${text}); e.add_note(${word}); raise e`,
  py`import atexit; atexit.register(print, ${value}); atexit.register(lambda: print('first')); sys.exit(${small})`,
  py`import threading; t = threading.Thread(target=lambda: print(1 / ${small})); t.start(); t.join(); print('main')`,
  py`sys.stdout.write(${text}); sys.stderr.write(${text}); sys.exit(${small})`,
  py`print(${text}, end='', flush=True); os.write(1, b'raw'); sys.stdout.buffer.write(${bytes}); sys.stdout.flush()`,
  py`sys.stdout.close(); sys.exit(${small})`,
  py`sys.excepthook = lambda kind, e, trace: print('hook', kind.__name__, file=sys.stderr); raise Own(1)`,
  py`
class D:
    def __del__(self): print('deleted')
d = D(); print(${value})`,
  py`sys.stdout.reconfigure(line_buffering=True); print(${text}); print(${text}, flush=True, file=sys.stderr); raise Own(${text})`,
);

/** A program with its end; what it is to say of it is its exit code and the last line of standard error. */
export function pythonEnding(seed: number): FuzzProgram {
  const [last = ''] = fc.sample(ending, { seed, numRuns: 1 });
  return { source: `${head}class Own(Exception): pass\nprint('begin')\n${last.trim()}\n`, stdin: '' };
}
