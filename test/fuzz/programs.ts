import fc from 'fast-check';

/**
 * Programs that print what they find, each a function of its seed. What a program prints must not hang on chance: no
 * clock, no race between a timer and input.
 */
export interface FuzzProgram {
  source: string;
  stdin: string;
}

/** Characters of one and two columns; of rarer ones (🚀) the library of util.inspect has older widths than Node. */
const character = fc.constantFrom(...Array.from('aZ5 _"\'`\\éßñΩжЩאشกअ中文日かカ한글😀🎉€→ｗ'));

/** Text of JavaScript expressions for values of many kinds. */
const { value: expression } = fc.letrec<{ value: string; leaf: string; data: string }>((tie) => {
  const text = fc
    .oneof(fc.string({ maxLength: 12 }), fc.string({ unit: character, maxLength: 30 }), fc.constant('it\'s\n"q"'))
    .map((raw) => JSON.stringify(raw));
  const list = (item: fc.Arbitrary<string>, maxLength = 9): fc.Arbitrary<string> =>
    fc.array(item, { maxLength }).map((items) => items.join(', '));
  const key = fc.oneof(fc.stringMatching(/^[a-z]{1,8}$/), fc.constantFrom("'a-b'", '2', "''", "['__proto__']", "'é'"));
  const pair = fc.tuple(tie('value'), tie('value')).map(([a, b]) => `[${a}, ${b}]`);
  const leaf = fc.oneof(
    fc.integer().map((number) => `(${number})`),
    fc.double().map((number) => (Object.is(number, -0) ? '-0' : `(${number})`)),
    text,
    fc.constantFrom('undefined', 'null', 'true', 'false', 'NaN', '-0', '5n', "Symbol('s')", '/a+/gi', 'new Date(0)'),
    fc.constantFrom('() => 1', 'function named() {}', 'class A {}', 'Object(1)', "Object('s')", '[,]'),
    fc.constantFrom('Object.create(null)', 'new (class Point { x = 1; #y = 2; })()', 'Symbol.iterator', 'new Map()'),
  );
  const members = fc.array(fc.tuple(key, tie('value')), { maxLength: 6 });
  return {
    leaf,
    data: leaf,
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('leaf'),
      list(tie('value')).map((items) => `[${items}]`),
      list(fc.integer().map(String), 120).map((items) => `[${items}]`),
      members.map((pairs) => `({ ${pairs.map(([name, value]) => `${name}: ${value}`).join(', ')} })`),
      list(pair, 4).map((items) => `new Map([${items}])`),
      list(tie('value'), 4).map((items) => `new Set([${items}])`),
      list(fc.integer({ min: 0, max: 255 }).map(String), 12).map((items) => `new Uint8Array([${items}])`),
    ),
  };
});

const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 }).map((items) => `[${items.join(', ')}]`);
const utf8Bytes = fc.string({ unit: 'binary', maxLength: 6 }).map((text) => JSON.stringify(text));
const asciiText = fc.stringMatching(/^[A-Za-z0-9+/=_-]{0,12}$/).map((text) => JSON.stringify(text));
const encoding = fc.constantFrom("'hex'", "'base64'", "'base64url'", "'latin1'", "'utf8'", "'utf16le'", "'ascii'");
const small = fc.integer({ min: -3, max: 12 });
const path = fc.stringMatching(/^\/[a-z./]{0,12}$/).map((text) => JSON.stringify(text));

/** Statements whose output or exception is compared. */
const statement = fc.oneof(
  { arbitrary: expression.map((value) => `console.log(${value})`), weight: 4 },
  fc.tuple(expression, expression).map(([a, b]) => `console.log('%s|%o|%j|%O %d', ${a}, ${b}, 1, ${b}, ${a}, 'rest')`),
  fc
    .tuple(expression, fc.constantFrom('{ depth: 0 }', '{ compact: false }', '{ breakLength: 40 }', '{ sorted: true }'))
    .map(([value, options]) => `console.log(util.inspect(${value}, ${options}))`),
  // How wide rare characters are is the terminal's matter.
  fc.array(expression, { maxLength: 4 }).map((rows) => `console.table([${rows.join(', ').replace(/[^ -~]/gu, 'x')}])`),
  fc
    .tuple(
      fc.constantFrom('equal', 'strictEqual', 'deepEqual', 'deepStrictEqual', 'notDeepStrictEqual'),
      expression,
      expression,
    )
    .map(([name, a, b]) => `assert.${name}(${a}, ${b})`),
  fc
    .tuple(fc.constantFrom('deepEqual', 'deepStrictEqual', 'notDeepEqual'), expression)
    .map(([name, value]) => `assert.${name}(${value}, ${value})`),
  expression.map((value) => `console.log(structuredClone(${value}))`),
  bytes.map((data) => `console.log(Buffer.from(${data}), Buffer.from(${data}).toString())`),
  fc.tuple(asciiText, encoding).map(([text, name]) => `console.log(Buffer.from(${text}, ${name}))`),
  fc
    .tuple(bytes, encoding)
    .map(([data, name]) => `console.log(JSON.stringify(Buffer.from(${data}).toString(${name})))`),
  fc
    .tuple(bytes, small, small)
    .map(([data, a, b]) => `console.log(Buffer.from(${data}).slice(${a}, ${b}), Buffer.from(${data}).indexOf(${a}))`),
  fc
    .tuple(bytes, small)
    .map(
      ([data, at]) => `console.log(Buffer.from(${data}).readUInt16LE(${at}), Buffer.from(${data}).readInt32BE(${at}))`,
    ),
  bytes.map((data) => `for (const byte of ${data}) process.stdout.write(Buffer.from([byte])); console.log()`),
  fc
    .tuple(bytes, small)
    .map(
      ([data, cut]) =>
        `const d = new TextDecoder(); const b = Uint8Array.from(${data}); console.log(JSON.stringify(d.decode(b.subarray(0, ${cut}), { stream: true }) + d.decode(b.subarray(${cut}))))`,
    ),
  fc
    .tuple(path, path)
    .map(
      ([a, b]) =>
        `console.log(path.join(${a}, ${b}), path.resolve('/x', ${a}), path.relative(${a}, ${b}), path.parse(${a}))`,
    ),
  fc
    .tuple(path, utf8Bytes)
    .map(
      ([a, b]) =>
        `const u = new URL(${a}, 'http://h.example/p/q?z=1'); u.searchParams.append('k', ${b}.toWellFormed()); console.log(u.href)`,
    ),
  fc
    .tuple(fc.constantFrom("'md5'", "'sha1'", "'sha256'", "'sha512'"), utf8Bytes)
    .map(([name, text]) => `console.log(crypto.createHash(${name}).update(${text}).digest('hex'))`),
);

const head = ['assert', 'util', 'fs', 'path', 'crypto'].map((name) => `const ${name} = require('${name}');`).join(' ');

/** `count` statements, each apart from the others. */
export function statements(seed: number, count: number): FuzzProgram {
  const lines = fc
    .sample(statement, { seed, numRuns: count })
    .map((text, index) => `console.log('#${index}'); try { ${text}; } catch (e) { console.log(e.name); }`);
  return { source: [head, ...lines].join('\n'), stdin: '' };
}

interface Step {
  kind: number;
  next: Step[];
}

/**
 * Callbacks that schedule callbacks, once from the top level and once from a timer. One timer at a time and far away: on a
 * machine that is busy, two could meet.
 */
export function schedule(seed: number): FuzzProgram {
  const kind = fc.nat({ max: 5 });
  let step: fc.Arbitrary<Step> = kind.map((chosen) => ({ kind: chosen, next: [] }));
  for (let depth = 0; depth < 3; depth += 1) {
    step = fc.record({ kind, next: fc.array(step, { maxLength: 3 }) });
  }
  const [steps = []] = fc.sample(fc.array(step, { minLength: 3, maxLength: 8 }), { seed, numRuns: 1 });
  let count = 0;
  const text = ({ kind: chosen, next }: Step): string => {
    count += 1;
    const body = `() => { console.log(${count}); ${next.map(text).join(' ')} }`;
    const forms = [
      `process.nextTick(${body});`,
      `Promise.resolve().then(${body});`,
      `queueMicrotask(${body});`,
      `setImmediate(${body});`,
      `(async () => { await null; (${body})(); })();`,
      `new Promise((done) => setImmediate(done)).then(${body});`,
    ];
    return forms[chosen] ?? '';
  };
  const first = steps.map(text).join('\n');
  const later = steps.map(text).join('\n');
  return { source: `${first}\nsetTimeout(() => {\n${later}\n}, 250);\nconsole.log('main');`, stdin: '' };
}

const readers = [
  "process.stdin.setEncoding('utf8'); let s = ''; process.stdin.on('data', (c) => { s += c; }).on('end', () => console.log(JSON.stringify(s)));",
  "require('readline').createInterface({ input: process.stdin }).on('line', (l) => console.log(JSON.stringify(l))).on('close', () => console.log('closed'));",
  "(async () => { let n = 0; for await (const l of require('readline').createInterface({ input: process.stdin })) console.log(n++, l); })();",
  "const b = require('fs').readFileSync(0); console.log(b.length, b.toString().split('\\n').length, b.subarray(-4));",
  "const fs = require('fs'); const b = Buffer.alloc(7); let n; const p = []; while ((n = fs.readSync(0, b, 0, 7, null)) > 0) p.push(Buffer.from(b.subarray(0, n))); console.log(Buffer.concat(p).toString());",
  "process.stdin.on('readable', () => { let c; while ((c = process.stdin.read(5)) !== null) console.log(c); }).on('end', () => console.log('end'));",
  "const { Transform } = require('stream'); process.stdin.pipe(new Transform({ transform(c, e, d) { d(null, String(c).toUpperCase()); } })).pipe(process.stdout);",
  '(async () => { const p = []; for await (const c of process.stdin) p.push(c); console.log(Buffer.concat(p)); })();',
  "const rl = require('readline/promises').createInterface({ input: process.stdin, output: process.stdout }); rl.question('a? ').then((a) => { console.log('>', a); rl.close(); });",
];

/** One way to read standard input, on text of many lengths. */
export function reading(seed: number): FuzzProgram {
  const line = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.stringMatching(/^[ -~]{0,40}$/));
  const lines = fc.tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n')), { minLength: 1 }), line);
  const [sample] = fc.sample(lines, { seed, numRuns: 1 });
  const [ended = [], last = ''] = sample ?? [];
  const stdin = ended.map(([text, end]) => text + end).join('') + last;
  return { source: readers[seed % readers.length] ?? '', stdin };
}
