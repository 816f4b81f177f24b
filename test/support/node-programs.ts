import type { StdinProgram } from './stdin-programs.ts';

/**
 * Programs that use what Node has beside the language. The test runs each under real Node and in the sandbox and expects
 * the same bytes.
 */
type Row = [name: string, source: string, stdin?: string];

/** Prints whether each expression throws, and what. */
const tries = (...expressions: string[]): string =>
  expressions
    .map((text) => `try { ${text}; console.log('passes'); } catch (e) { console.log(e.name, e.code); }`)
    .join('\n');

const assertions: Row[] = [
  [
    'deep equality of assert',
    `const assert = require('assert');\n${tries(
      'assert.deepEqual({ a: 1, b: 2 }, { b: 2, a: 1 })',
      'assert.deepEqual(-0, 0)',
      'assert.deepStrictEqual(-0, 0)',
      'assert.deepEqual([NaN], [NaN])',
      'assert.deepEqual([1, 2], ["1", 2])',
      'assert.deepStrictEqual([1, 2], ["1", 2])',
      'const a = Array.from({ length: 200 }, (_, i) => i); assert.deepEqual(a, a.with(150, -1))',
      'assert.deepEqual(new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]))',
      'assert.deepEqual(new Set([{ a: 1 }]), new Set([{ a: 2 }]))',
      'assert.deepStrictEqual(new Date(0), new Date(1))',
      'assert.deepStrictEqual(/a/g, /a/i)',
      'class P { constructor() { this.x = 1; } } assert.deepStrictEqual(new P(), { x: 1 })',
      'const c = { x: 1 }; c.c = c; const d = { x: 1 }; d.c = d; assert.deepStrictEqual(c, d)',
      'assert.deepStrictEqual({ a: undefined }, {})',
      'assert.deepStrictEqual(new Uint8Array([1, 2]), new Uint8Array([1, 3]))',
      'assert.deepStrictEqual([1n], [1n])',
      'assert.notDeepStrictEqual({ a: [1] }, { a: [1] })',
    )}`,
  ],
  [
    'loose and strict equality of assert',
    `const assert = require('node:assert');\n${tries(
      'assert.equal({ a: 1 }, { b: 2 })',
      "assert.equal(1, '1')",
      'assert.equal(NaN, NaN)',
      'assert.notEqual(NaN, NaN)',
      'assert.notEqual(1, 2)',
      "assert.strictEqual(1, '1')",
      'assert.strictEqual(NaN, NaN)',
      'assert.strictEqual(0, -0)',
      'assert(0)',
      'assert.ok("x")',
      'assert.equal(null, undefined)',
    )}`,
  ],
  [
    'assert.throws, rejects and fail',
    `const assert = require('assert');\n${tries(
      "assert.throws(() => { throw new TypeError('x'); }, TypeError)",
      "assert.throws(() => { throw new Error('wrong value'); }, /^Error: wrong/)",
      "assert.throws(() => { throw new Error('x'); }, { message: 'y' })",
      'assert.throws(() => {})',
      'assert.doesNotThrow(() => 1)',
      "assert.fail('boom')",
      'assert.fail()',
      "assert.match('abc', /b/)",
      "assert.doesNotMatch('abc', /b/)",
      'assert.ifError(null)',
    )}
    assert.rejects(Promise.reject(new RangeError('r')), RangeError).then(() => console.log('rejected'));`,
  ],
  [
    'assert/strict and messages',
    `const assert = require('assert/strict');
    try { assert.equal(1, 2, 'my words'); } catch (e) { console.log(e.message.slice(0, 8), e.code, e.actual, e.expected, e.operator); }
    try { assert.equal(1, 2); } catch (e) { console.log(e.message); }
    try { assert.deepEqual([1], ['1']); } catch (e) { console.log(e instanceof assert.AssertionError, e.generatedMessage); }
    assert.strict.ok(true);`,
  ],
];

const bytes: Row[] = [
  [
    'part of a buffer written',
    `const fs = require('fs'); const b = Buffer.alloc(16); b.write('hello\\n', 2);
    fs.writeSync(1, b, 2, 6); fs.writeSync(1, b.subarray(2, 8)); fs.writeSync(1, b, { offset: 2, length: 3 });
    console.log(fs.writeSync(1, 'é\\n'));`,
  ],
  [
    'characters cut between writes',
    `for (const x of Buffer.from('日本😀é\\n')) process.stdout.write(Buffer.from([x]));
    process.stdout.write(Buffer.from([0xe6, 0x97])); process.stdout.write('x\\n');
    process.stdout.write(Buffer.from([0xff, 0xe6, 0x41, 10])); process.stdout.write('\\ud83d'); process.stdout.write('\\ude00\\n');`,
  ],
  [
    'characters cut between reads',
    `const fs = require('fs'); const one = Buffer.alloc(1); const parts = [];
    while (fs.readSync(0, one, 0, 1, null) === 1) parts.push(Buffer.from(one));
    console.log(Buffer.concat(parts).toString(), parts.length);`,
    '日本😀\nab\n',
  ],
  [
    'searching a buffer',
    `const b = Buffer.from('ab\\ncb\\n');
    console.log(b.indexOf('\\n'), b.lastIndexOf('b'), b.includes('b'), b.includes('z'), b.indexOf(98), b.indexOf(Buffer.from('cb')), b.indexOf('b', 2));`,
  ],
  [
    'numbers of a buffer',
    `const b = Buffer.alloc(24); b.writeUInt32BE(0xdeadbeef, 0); b.writeInt16LE(-2, 4); b.writeDoubleLE(1.5, 8); b.writeBigInt64BE(-5n, 16);
    console.log(b.readUInt32BE(0), b.readInt16LE(4), b.readDoubleLE(8), b.readBigInt64BE(16), b.readUInt8(1), b);`,
  ],
  [
    'copies, slices and comparison of buffers',
    `const a = Buffer.from('hello'); const b = Buffer.alloc(8, 'x'); console.log(a.copy(b, 1, 2), b.toString(), a.equals(Buffer.from('hello')), Buffer.compare(a, b));
    const s = a.slice(1, 3); s[0] = 65; console.log(a.toString(), s.toString(), a.toJSON(), a.fill('ab').toString(), Buffer.concat([a, b], 6).toString());
    console.log([...a.entries()].length, a.swap16 === undefined, Buffer.isBuffer(s), Buffer.from([1, 2, 3]).reverse(), Buffer.from('é', 'latin1'));`,
  ],
  [
    'encodings',
    `const b = Buffer.from('hé😀?>'); for (const e of ['hex', 'base64', 'base64url', 'latin1', 'ascii', 'utf16le', 'utf8']) { const t = b.toString(e); console.log(e, JSON.stringify(t), Buffer.from(t, e).toString('hex')); }
    console.log(Buffer.byteLength('é😀'), Buffer.byteLength('aGk=', 'base64'), atob(btoa('hi')), Buffer.isEncoding('base64url'));`,
  ],
  [
    'text coders in streams',
    `const d = new TextDecoder(); const e = new TextEncoder().encode('日😀'); let s = '';
    for (const x of e) s += d.decode(new Uint8Array([x]), { stream: true }); console.log(s + d.decode());
    try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])); } catch (x) { console.log(x.name, x.code); }
    console.log(new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])), new TextEncoder().encodeInto('é😀', new Uint8Array(4)));`,
  ],
  [
    'standard input with multi-byte characters in chunks',
    `let n = 0; let s = ''; process.stdin.setEncoding('utf8').on('data', (c) => { n += 1; s += c; }).on('end', () => console.log(s.length, s.slice(-3), n > 1));`,
    `${'é日'.repeat(40_000)}end`,
  ],
  [
    'standard input through a transform',
    `const { Transform, pipeline } = require('stream');
    const up = new Transform({ transform(c, e, done) { done(null, c.toString().toUpperCase()); } });
    pipeline(process.stdin, up, (e) => console.log('done', e)); up.on('data', (c) => process.stdout.write(c));`,
    'one\ntwo\n',
  ],
  [
    'read() of standard input',
    `process.stdin.on('readable', () => { let c; while ((c = process.stdin.read(3)) !== null) console.log(String(c)); });
    process.stdin.on('end', () => console.log('end'));`,
    'abcdef',
  ],
  [
    'for await over standard input',
    `(async () => { let s = ''; for await (const c of process.stdin) s += c; console.log(s.length); })();`,
    'x'.repeat(70_000),
  ],
];

const order: Row[] = [
  [
    'ticks before promises',
    `Promise.resolve().then(() => { console.log('p1'); process.nextTick(() => console.log('n2')); }).then(() => console.log('p2'));
    process.nextTick((a) => { console.log('n1', a); Promise.resolve().then(() => console.log('p3')); }, 'x');
    queueMicrotask(() => console.log('m')); console.log('main');`,
  ],
  [
    'timers before immediates, ticks between callbacks',
    `setTimeout(() => { console.log('t1'); process.nextTick(() => console.log('n')); Promise.resolve().then(() => console.log('p')); setImmediate(() => console.log('i2')); setTimeout(() => console.log('t3'), 0); }, 5);
    setTimeout(() => console.log('t2'), 5); setTimeout(() => console.log('t0'), 3);`,
  ],
  [
    'immediates that add immediates',
    `setImmediate(() => { console.log('a'); setImmediate(() => console.log('c')); process.nextTick(() => console.log('tick')); }); setImmediate(() => console.log('b'));
    const gone = setImmediate(() => console.log('never')); clearImmediate(gone);`,
  ],
  [
    'timer objects',
    `const t = setTimeout(() => console.log('never'), 1e6); console.log(typeof t, t.hasRef(), t.unref() === t, t.hasRef()); console.log(typeof +t);
    const u = setTimeout(() => console.log('gone'), 5); clearTimeout(+u);
    const i = setInterval(function () { console.log('once', this === i); clearInterval(this); }, 2);`,
  ],
  [
    'sleeping',
    `const util = require('util'); const sleep = util.promisify(setTimeout); const { setTimeout: wait, setImmediate: soon } = require('timers/promises');
    (async () => { console.log(await sleep(20, 'a')); console.log(await wait(5, 'b'), await soon('c')); })(); setTimeout(() => {}, 1e6).unref();`,
  ],
  [
    'bad callbacks',
    tries('setTimeout()', "setTimeout('x')", 'process.nextTick()', 'setImmediate()', 'queueMicrotask(1)'),
  ],
  [
    'end of a program',
    `process.on('beforeExit', () => { if (!globalThis.again) { globalThis.again = true; setTimeout(() => console.log('again'), 1); } }); process.on('exit', (c) => console.log('exit', c)); process.exitCode = 0;`,
  ],
  [
    'uncaught exceptions with a listener',
    `process.on('uncaughtException', (e, origin) => console.log(e.message, origin)); setTimeout(() => console.log('goes on'), 1); throw new Error('bad');`,
  ],
  [
    'exit in a promise',
    `process.on('exit', (c) => console.log('exit', c)); (async () => { await null; process.exit(0); })(); setTimeout(() => console.log('never'), 5);`,
  ],
];

const printing: Row[] = [
  [
    'tables',
    `console.table([{ a: 1, b: 'x' }, { a: 2, c: { d: 1 } }]); console.table([[1, 2], [3, 4]]); console.table(['x', 1, null]); console.table(new Map([['k', 1]])); console.table(new Set([1, 'y'])); console.table(5); console.table({ r: { v: 1 }, s: 2 }); console.table([{ a: 1, b: 2 }], ['b']); console.table([]);  console.table([{ name: '日本', n: 1 }]);`,
  ],
  [
    'format marks',
    `class Named { toString() { return 'N'; } } console.log('%s %s %s', { toString() { return 'T'; } }, new Named(), [1, [2]]); console.log('%s %s %s %s', null, undefined, 5n, -0); console.log('%o', { a: [1] }); console.log('%O %j', { a: 1 }, { b: 2 }); console.log('%c styled', 'color: red'); console.log('100%', 5); console.log('%i %f %d', '42.5', '1.5', '0x10'); console.log('%s', () => 1, 'more', Symbol('q')); console.log('%%s', 1);`,
  ],
  [
    'groups and counts',
    `console.group('g', 1); console.log('in\\nner'); console.group(); console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 }); console.groupEnd(); console.count(); console.count('x'); console.count(); console.countReset(); console.count(); console.groupEnd(); console.log('out');`,
  ],
  [
    'values of every kind',
    `console.log([undefined, null, -0, NaN, 5n, Symbol('s'), () => 1, class A {}, function f() {}], { get a() { return 1; }, set b(v) {} }, [1, , 3], new Array(3), Object.create(null));
    console.log(new Map([[{ a: 1 }, 'b']]), new Set(['x']), new WeakMap(), new Date(0), /x/gi, new Error('e').message, [new Date(NaN)], Symbol.iterator, new Number(3), new String('s'), Object(1n));
    console.log({ a: { b: { c: { d: 1 } } } }, [[[[1]]]], { 'a-b': 1, 2: 3, [Symbol('k')]: 4 }, 'it\\'s', ["it's", 'a\\nb', 'q"']);
    console.log(new Uint8Array(3), new Float64Array([1.5]), new ArrayBuffer(2), function* g() {}, async () => {}, Math, JSON, globalThis === global, (function () { return arguments; })(1, 2));
    console.log('x'.repeat(200), ['y'.repeat(100)], Array.from({ length: 120 }, (_, i) => i), { s: 'z'.repeat(90), t: [1, 2, { u: 1 }] });
    const c = { n: 1 }; c.self = c; console.log(c, [c]); class P { #h = 1; x = 1; static s = 2; get y() { return 1; } } console.log(new P(), P, [new (class extends Map {})()], new (class Foo extends Array {})(3));`,
  ],
  [
    'console captured',
    `const seen = []; const write = process.stdout.write; process.stdout.write = (s) => { seen.push(s); return true; }; console.log('a', 1); process.stdout.write = write; console.log(seen);
    const log = console.log; console.log = (...a) => log('>', ...a); console.log('b'); const { info } = console; info('c');`,
  ],
  [
    'inspect by custom methods',
    `const util = require('util'); class M { [util.inspect.custom](d, o) { return 'M!' + d; } } console.log(new M(), [new M()], { toJSON() { return 1; } }); console.log(util.inspect({ a: 1n, b: 'x' }, { compact: false }), util.inspect('a\\'b'), util.inspect(new Map([[1, [1]]]), { showHidden: false }), util.isDeepStrictEqual({ a: [1] }, { a: [1] }));`,
  ],
];

/** What is made only when it is asked for, and what takes the place of the language's own. */
const late: Row[] = [
  [
    'a readline that is asked for more than on while it reads',
    `const rl = require('readline').createInterface({ input: process.stdin });
    rl.on('line', (l) => { console.log('first', l); rl.once('line', (m) => console.log('once', m)); });
    rl.on('line', (l) => console.log('second', l));
    rl.on('close', () => console.log('closed', rl.listenerCount('close'), rl instanceof require('events')));`,
    'a\nb\nc',
  ],
  [
    'a readline that is asked for more than on before it reads',
    `const EventEmitter = require('events');
    const rl = require('readline').createInterface({ input: process.stdin });
    rl.on('line', (l) => console.log('line', l));
    console.log(rl instanceof EventEmitter, typeof rl.emit, 'once' in rl, rl.nothing);
    rl.prependListener('line', (l) => console.log('before', l)); rl.mark = 1;
    rl.on('pause', () => console.log('paused')).on('own', (a) => console.log('own', a)).emit('own', 2);
    rl.once('close', () => console.log('closed', rl.mark, rl.listenerCount('line')));`,
    'a\nb\n',
  ],
  [
    'a class of readline',
    `const readline = require('readline');
    class Reader extends readline.Interface { lines = []; constructor() { super({ input: process.stdin }); this.on('line', (l) => this.lines.push(l)); } }
    const reader = new Reader(); reader.on('close', () => console.log(reader.lines, reader instanceof readline.Interface));`,
    '1\n2',
  ],
  [
    'process and standard output as emitters',
    `const EventEmitter = require('events');
    process.own = 1; console.log(process.own, Object.hasOwn(process, 'own'), process.nothing, 'once' in process, 'none' in process);
    console.log(process instanceof EventEmitter, process.stdout instanceof EventEmitter, typeof process.stderr.once);
    process.once('x', (a) => console.log('x', a)); process.emit('x', 3); console.log(process.emit('x', 4));
    process.on('exit', (code) => console.log('exit', code)); console.log(process.listenerCount('exit'));`,
  ],
  [
    'standard input that is asked for more than on while it flows',
    `const { stdin } = process; const { on } = stdin;
    stdin.on('data', (d) => { console.log('data', String(d)); stdin.once('end', () => console.log('once')); on.call(stdin, 'end', () => console.log('last')); });
    stdin.on('end', () => console.log('end', stdin.readableEnded));`,
    'abc\n',
  ],
  [
    'Date',
    `class Day extends Date {}
    console.log(Date.name, Date.length, typeof Date(), new Date(0).toISOString(), new Day(5).getTime(), Object.keys(Date));
    console.log(new Day() instanceof Date, new Day() instanceof Day, new Date().constructor === Date, Date.UTC(2020, 1), Date.parse('2020-01-01'));
    console.log(Reflect.construct(Date, [1]).getTime(), Date.now() > 1e12, new Date() > new Date(1e12), Object.prototype.toString.call(new Date()));
    Date.now = () => 7; console.log(Date.now());`,
  ],
  [
    'own members of modules and globals',
    `const names = ['setTimeout', 'clearInterval', 'setImmediate', 'queueMicrotask', 'console', 'Date', 'URL'];
    console.log(names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name).enumerable));
    console.log(require('fs').hasOwnProperty('readFileSync'), console.hasOwnProperty('log'), module.hasOwnProperty('exports'));`,
  ],
  [
    'characters cut in two on standard output',
    `process.stdout.write(Buffer.from([0xe2, 0x82])); process.stdout.write(Buffer.from([0xac])); process.stdout.write(Buffer.from([0xe2])); console.log('x'); process.stdout.write(Buffer.from([0xf0, 0x9f]));`,
  ],
];

const modules: Row[] = [
  [
    'hashes',
    `const crypto = require('crypto'); for (const a of ['md5', 'sha1', 'sha256', 'sha512', 'SHA384']) console.log(a, crypto.createHash(a).update('ab').update(Buffer.from('c')).digest('hex'));
    console.log(crypto.createHmac('sha256', 'key').update('x').digest('base64'), crypto.randomBytes(4).length, crypto.randomUUID().length, typeof crypto.randomInt(5), crypto.createHash('md5').update('é').digest());
    ${tries("crypto.createHash('nope')")}`,
  ],
  [
    'paths',
    `const path = require('path'); console.log(path.join('a', '..', 'b', './c'), path.resolve('/x', '../y'), path.basename('/a/b.txt', '.txt'), path.extname('x.tar.gz'), path.dirname('/a/b/c'), path.parse('/h/u/f.txt'), path.relative('/a/b', '/a/c'), path.sep, path.isAbsolute('a'), path.normalize('/a//b/../c/'));`,
  ],
  [
    'URLs',
    `const u = new URL('https://u:p@ex.com:8080/a/b?x=1&y=2#h'); console.log(u.host, u.pathname, u.searchParams.get('y'), u.href, String(u), u.origin); u.searchParams.append('z', 'é'); console.log(u.search); console.log(new URLSearchParams({ a: '1', b: '2' }).toString(), [...new URLSearchParams('q=1&q=2')]); const { URL: V } = require('url'); console.log(V === URL, new V('../c', 'http://h/a/b').pathname); console.log(u); ${tries("new URL('nope')")}`,
  ],
  [
    'emitters',
    `const EventEmitter = require('events'); const util = require('util'); function Old() { EventEmitter.call(this); } util.inherits(Old, EventEmitter); const o = new Old();
    o.on('x', function (v) { console.log('x', v, this === o); }); o.prependListener('x', () => console.log('first')); o.once('x', () => console.log('once')); o.emit('x', 1); o.emit('x', 2); console.log(o.listenerCount('x'), o.eventNames(), o.rawListeners('x').length);
    try { o.emit('error', new RangeError('unheard')); } catch (e) { console.log(e.name, e.message); } try { o.emit('error', 'text'); } catch (e) { console.log(e.code); }
    const { once, EventEmitter: E } = EventEmitter; console.log(E === EventEmitter); once(o, 'y').then((v) => console.log('y', v)); o.emit('y', 1, 2);`,
  ],
  [
    'named imports of process',
    `import { pid, exit, nextTick } from 'node:process';\nimport fs, { readFileSync } from 'fs';\nimport * as path from 'node:path';\nconsole.log(typeof pid, typeof nextTick, fs.readFileSync === readFileSync, path.join('a', 'b'), readFileSync(0, 'utf8'));\nexit(0);`,
    'in',
  ],
  [
    'dynamic imports',
    `const fs = await import('node:fs');\nconst { default: path, join } = await import('path');\nconsole.log(fs.readFileSync(0, 'utf8'), join('a', 'b') === path.join('a', 'b'), /import (x)/.test('import (x)'), 'import(1)');\ntry { await import('no-such-package'); } catch (e) { console.log(e.name); }`,
    'in',
  ],
  [
    'dynamic imports in a script',
    `import('node:path').then(({ join }) => console.log(join('a', 'b'))); const o = { import: 1 }; console.log(o.import, 'import(x)');`,
  ],
  ['import.meta', `import 'node:fs';\nconsole.log(typeof import.meta.url, typeof import.meta);`],
  [
    'top-level await on a timer',
    `import fs from 'node:fs';\nconst v = await new Promise((r) => setTimeout(() => r(3), 10));\nconsole.log(v);`,
  ],
  [
    'promisify, callbackify and types',
    `const util = require('util'); const f = util.promisify((a, cb) => cb(a > 1 ? new Error('big') : null, a * 2)); f(1).then(console.log); f(2).catch((e) => console.log(e.message)); util.callbackify(async (x) => x + 1)(4, (e, v) => console.log('cb', e, v));
    console.log(util.types.isDate(new Date()), util.types.isPromise({}), util.types.isMap(new Map()), util.types.isRegExp(/x/), util.types.isProxy({}), util.types.isAsyncFunction(async () => {}), util.isArray([]), util.types.isTypedArray(new Uint8Array()), util.types.isBoxedPrimitive(Object(1)), util.stripVTControlCharacters('\\u001b[31mx\\u001b[0m'));`,
  ],
  [
    'string_decoder and streams',
    `const { StringDecoder } = require('string_decoder'); const d = new StringDecoder('utf8'); const b = Buffer.from('€'); console.log(d.write(b.subarray(0, 1)) + d.write(b.subarray(1)) + d.end());
    const { Readable } = require('stream'); (async () => { for await (const x of Readable.from([1, 2, 3])) console.log(x); })();
    require('stream/promises').pipeline(Readable.from(['a', 'b']), async function* (s) { for await (const c of s) yield c + c; }, async (s) => { for await (const c of s) console.log(c); });`,
  ],
  [
    'the file of a program',
    `console.log(typeof require, typeof module, typeof exports, this === module.exports, require.main === module, typeof __filename, arguments.length); var top = 1; console.log(globalThis.top);`,
  ],
  [
    'abort controllers',
    `const c = new AbortController(); c.signal.addEventListener('abort', () => console.log('aborted', c.signal.aborted)); c.abort(); const t = new EventTarget(); t.addEventListener('x', (e) => console.log(e.type)); t.dispatchEvent(new Event('x'));`,
  ],
  [
    'names put together at run time',
    `const name = 'ass' + 'ert'; require(name).equal(1, 1); const load = require; console.log(load('pa' + 'th').join('a', 'b'), typeof globalThis['Buf' + 'fer']);`,
  ],
  [
    'missing packages and files',
    tries("require('lodash')", "require('./helper')", "require('fs').readFileSync('/no')"),
  ],
  [
    'performance and hrtime',
    `const { performance: p } = require('perf_hooks'); const a = p.now(); console.log(a < 1e6, p === performance, process.hrtime().length, typeof process.hrtime.bigint(), process.uptime() < 1e6, process.memoryUsage().heapUsed > 0);`,
  ],
  [
    'a readline of both line ends',
    `const rl = require('readline').createInterface({ input: process.stdin }); rl.on('line', (l) => console.log(JSON.stringify(l))).on('close', () => console.log('closed'));`,
    'a\r\nb\rc\nd\u2028e\n\nlast',
  ],
];

export const nodePrograms: readonly StdinProgram[] = [
  ...assertions,
  ...bytes,
  ...order,
  ...printing,
  ...late,
  ...modules,
].map(([name, source, stdin = '']) => ({ name, source, stdin }));
