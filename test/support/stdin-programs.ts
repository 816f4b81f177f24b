/**
 * Programs that read their input and print in the ways contest solutions do. The test runs each under real Node and in
 * the sandbox and expects the same bytes.
 */
export interface StdinProgram {
  name: string;
  source: string;
  stdin: string;
}

const numbers = '3 4\n1 2 3\n-4 5 6\n\n7 8 9 10\n';
const words = 'alpha beta\r\ngamma  delta\r\n\r\nlast line without end';
const unicode = 'héllo wörld\n日本語 😀\nÅÄÖ\n';
const bigs = '123456789012345678901234567890 987654321098765432109876543210\n';

type Row = [name: string, stdin: string, source: string];

const readFile: Row[] = [
  [
    'readFileSync(0)',
    numbers,
    "const t = require('fs').readFileSync(0).toString(); console.log(t.split('\\n').length, t.length);",
  ],
  ['readFileSync(0, utf8)', words, "console.log(require('fs').readFileSync(0, 'utf8').trim().split(/\\s+/));"],
  [
    'readFileSync(0, {encoding})',
    words,
    "console.log(JSON.stringify(require('fs').readFileSync(0, { encoding: 'utf-8' })));",
  ],
  [
    "readFileSync('/dev/stdin')",
    unicode,
    "const s = require('fs').readFileSync('/dev/stdin').toString(); console.log(s.length, [...s].length); console.log(s);",
  ],
  [
    "readFileSync('/dev/stdin', 'utf8')",
    numbers,
    "const [h, ...r] = require('fs').readFileSync('/dev/stdin', 'utf8').split('\\n'); console.log(h, r.length, r);",
  ],
  [
    'destructured readFileSync',
    numbers,
    "const { readFileSync } = require('fs'); console.log(readFileSync(0, 'utf8').split('\\n').map((l) => l.split(' ').map(Number)));",
  ],
  ['node: prefix', numbers, "const fs = require('node:fs'); process.stdout.write(String(fs.readFileSync(0)));"],
  ['process.stdin.fd', numbers, "console.log(require('fs').readFileSync(process.stdin.fd, 'utf-8').trim().length);"],
  [
    'string coercion of a buffer',
    unicode,
    "const b = require('fs').readFileSync(0); console.log(`${b}`.toUpperCase());",
  ],
  [
    'bytes of a buffer',
    numbers,
    "const b = require('fs').readFileSync(0); let p = 0, s = 0, n = 0, neg = false; while (p < b.length) { const c = b[p++]; if (c === 45) neg = true; else if (c >= 48 && c <= 57) n = n * 10 + c - 48; else { s += neg ? -n : n; n = 0; neg = false; } } console.log(s);",
  ],
  [
    'readSync in a loop',
    numbers,
    "const fs = require('fs'); const b = Buffer.alloc(5); let s = ''; for (;;) { const n = fs.readSync(0, b, 0, 5, null); if (n === 0) break; s += b.toString('utf8', 0, n); } console.log(s.split('').reverse().join(''));",
  ],
  [
    'latin1 and hex',
    unicode,
    "const b = require('fs').readFileSync(0); console.log(b.toString('hex')); console.log(b.toString('base64')); console.log(b.slice(0, 6).toString('latin1').length);",
  ],
  [
    'fs.readFile with a callback',
    words,
    "require('fs').readFile(0, 'utf8', (e, t) => { console.log(e, t.split('\\r\\n')); });",
  ],
  [
    'fs.promises.readFile',
    numbers,
    "require('fs').promises.readFile('/dev/stdin', 'utf8').then((t) => console.log(t.length)); console.log('first');",
  ],
  [
    'writeFileSync to standard output',
    numbers,
    "const fs = require('fs'); fs.writeFileSync(1, fs.readFileSync(0, 'utf8').split('\\n').sort().join('\\n')); fs.writeSync(1, 'end\\n');",
  ],
  [
    'openSync',
    numbers,
    "const fs = require('fs'); const fd = fs.openSync('/dev/stdin', 'r'); console.log(fs.readFileSync(fd, 'utf8').length); fs.closeSync(fd);",
  ],
  [
    'missing file',
    '',
    "try { require('fs').readFileSync('/no/such/file'); } catch (e) { console.log(e.code, e.message); }",
  ],
  [
    'existsSync',
    numbers,
    "const fs = require('fs'); const f = fs.existsSync('/dev/stdin') ? '/dev/stdin' : 'input.txt'; console.log(fs.readFileSync(f).length);",
  ],
  [
    'createReadStream',
    words,
    "let s = ''; require('fs').createReadStream('/dev/stdin', { encoding: 'utf8' }).on('data', (c) => { s += c; }).on('end', () => console.log(s.length));",
  ],
  [
    'second read is empty',
    'abc',
    "const fs = require('fs'); console.log(fs.readFileSync(0, 'utf8') + '|' + fs.readFileSync(0, 'utf8') + '|');",
  ],
];

const readLine: Row[] = [
  [
    'readline events',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout, terminal: false }); const a = []; rl.on('line', (l) => a.push(l)); rl.on('close', () => { console.log(a.length, a); });",
  ],
  [
    'readline chained',
    words,
    "require('readline').createInterface({ input: process.stdin }).on('line', (l) => console.log('>' + l + '<')).on('close', () => console.log('done'));",
  ],
  [
    'readline for await',
    words,
    "const rl = require('readline').createInterface({ input: process.stdin, crlfDelay: Infinity }); (async () => { let n = 0; for await (const l of rl) console.log(++n, JSON.stringify(l)); console.log('end'); })();",
  ],
  [
    'readline positional',
    numbers,
    "const readline = require('readline'); const rl = readline.createInterface(process.stdin); rl.on('line', (l) => console.log(l.split(' ').map(Number).reduce((a, b) => a + b, 0)));",
  ],
  [
    'readline question',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout }); rl.question('n? ', (a) => { rl.question('m? ', (b) => { console.log(a, '/', b); rl.close(); }); });",
  ],
  [
    'readline close within a line',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); let n = 0; rl.on('line', (l) => { console.log(l); if (++n === 2) rl.close(); }); rl.on('close', () => console.log('closed'));",
  ],
  [
    'readline exit on close',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); const a = []; rl.on('line', function (l) { a.push(l); }).on('close', function () { console.log(a.join('|')); process.exit(0); });",
  ],
  [
    'readline iterator by hand',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); const it = rl[Symbol.asyncIterator](); (async () => { const f = await it.next(); const s = await it.next(); console.log(f, s.value); for await (const l of { [Symbol.asyncIterator]: () => it }) console.log(l); })();",
  ],
  [
    'events.once of readline',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); const { once } = require('events'); const a = []; rl.on('line', (l) => a.push(l)); (async () => { await once(rl, 'close'); console.log(a); })();",
  ],
  [
    'readline once',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); rl.once('line', (l) => { console.log('first', l); rl.on('line', (m) => console.log('then', m)); });",
  ],
  [
    'readline prompt',
    'a\nb\n',
    "const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout, prompt: '' }); rl.on('line', (l) => { console.log(l + l); rl.prompt(); });",
  ],
  [
    'empty input, readline',
    '',
    "const rl = require('readline').createInterface({ input: process.stdin }); rl.on('line', (l) => console.log('line', l)); rl.on('close', () => console.log('close'));",
  ],
];

const stream: Row[] = [
  [
    'data and end',
    numbers,
    "let s = ''; process.stdin.on('data', (c) => { s += c; }); process.stdin.on('end', () => console.log(s.trim().split('\\n').length));",
  ],
  [
    'setEncoding, data and end',
    unicode,
    "process.stdin.setEncoding('utf8'); let s = ''; process.stdin.on('data', (c) => { console.log(typeof c); s += c; }); process.stdin.on('end', () => process.stdout.write(s));",
  ],
  [
    'resume first',
    numbers,
    "process.stdin.resume(); process.stdin.setEncoding('utf-8'); let input = ''; process.stdin.on('data', (d) => { input += d; }); process.stdin.on('end', () => { const lines = input.split('\\n'); console.log(lines[0], lines.length); });",
  ],
  [
    'chunks into Buffer.concat',
    unicode,
    "const a = []; process.stdin.on('data', (c) => a.push(c)).on('end', () => { const b = Buffer.concat(a); console.log(b.length, Buffer.isBuffer(b), b.toString()); });",
  ],
  [
    'readable and read',
    numbers,
    "let s = ''; process.stdin.setEncoding('utf8'); process.stdin.on('readable', () => { let c; while ((c = process.stdin.read()) !== null) s += c; }); process.stdin.on('end', () => console.log(s.length));",
  ],
  [
    'for await of stdin',
    words,
    "(async () => { let s = ''; for await (const c of process.stdin) s += c; console.log(JSON.stringify(s)); })();",
  ],
  [
    'for await with setEncoding',
    unicode,
    "(async () => { process.stdin.setEncoding('utf8'); const a = []; for await (const c of process.stdin) a.push(c); console.log(a.join('').length); })();",
  ],
  ['pipe to stdout', numbers, 'process.stdin.pipe(process.stdout);'],
  [
    'once end',
    'x y z',
    "let d = ''; process.stdin.on('data', (c) => (d += c)); process.stdin.once('end', () => { console.log(d.split(' ')); });",
  ],
  [
    'standard input that is listened to and then looked at',
    numbers,
    "process.stdin.on('data', (c) => console.log('data', c instanceof Buffer, c.length)); process.stdin.on('end', () => console.log('end', process.stdin.readableEnded, process.stdin.listenerCount('data'))); console.log(process.stdin.listenerCount('data'), process.stdin.readableFlowing, process.stdin.isTTY, 'pipe' in process.stdin);",
  ],
  [
    'standard input that becomes a stream in the middle',
    'x'.repeat(200_000),
    "const seen = []; const first = (c) => { seen.push(c.length); process.stdin.removeListener('data', first); process.stdin.once('data', (d) => seen.push(d.length > 0)); process.stdin.on('data', () => {}); }; process.stdin.on('data', first).on('end', () => console.log(seen)).on('close', () => console.log('close'));",
  ],
  [
    'standard input that is paused and resumed',
    numbers,
    "process.stdin.setEncoding('utf-8'); process.stdin.pause(); process.stdin.on('data', (c) => { console.log('data', JSON.stringify(c)); }); process.stdin.on('end', () => console.log('end')); setTimeout(() => { console.log('now'); process.stdin.resume(); }, 5);",
  ],
  ['an end that nothing flows to', numbers, "process.stdin.on('end', () => console.log('end')); console.log('last');"],
  [
    'an end without data',
    numbers,
    "process.stdin.resume(); process.stdin.on('end', () => console.log('end')); process.nextTick(() => console.log('tick'));",
  ],
  [
    'empty standard input',
    '',
    "process.stdin.on('data', () => console.log('data')); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'other encodings of standard input',
    numbers,
    "process.stdin.setEncoding('hex'); process.stdin.on('data', (c) => console.log(c.slice(0, 8))); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'an encoding that comes late',
    unicode,
    "process.stdin.on('data', (c) => console.log(typeof c, c.length)); setImmediate(() => 0); process.stdin.setEncoding('utf8'); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'listeners among promises, ticks and immediates',
    numbers,
    "const log = (x) => console.log(x); process.stdin.on('data', () => { log('data'); process.nextTick(log, 'tick'); Promise.resolve().then(() => log('promise')); setImmediate(log, 'immediate'); }); process.stdin.on('end', () => { log('end'); Promise.resolve().then(() => log('last')); }); log('main');",
  ],
  [
    'input before a timer that is far away',
    numbers,
    "setTimeout(() => console.log('timer'), 1500); setTimeout(() => console.log('soon'), 0); process.stdin.on('data', () => console.log('data')); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'a listener that throws',
    numbers,
    "process.stdin.on('data', () => { console.log('data'); throw new Error('no'); }); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'exit in a listener',
    numbers,
    "process.stdin.on('data', (c) => { console.log(c.length); process.exit(0); }); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'the this of listeners',
    numbers,
    "process.stdin.on('data', function () { console.log(this === process.stdin); }); process.stdin.on('end', function () { console.log(this === process.stdin, this.fd); });",
  ],
  [
    'standard input as a Readable',
    numbers,
    "const { Readable } = require('stream'); console.log(process.stdin instanceof Readable, process.stdin instanceof require('events')); process.stdin.note = 1; process.stdin.on('data', (c) => console.log(process.stdin.note, c.length));",
  ],
  [
    'a readline beside a listener',
    numbers,
    "const rl = require('readline').createInterface({ input: process.stdin }); rl.on('line', (l) => console.log('line', l)).on('close', () => console.log('close')); process.stdin.on('data', (c) => console.log('data', c.length)); process.stdin.on('end', () => console.log('end'));",
  ],
  [
    'a readline that is closed at once and input that is read on',
    numbers,
    "const rl = require('readline').createInterface(process.stdin); rl.once('line', (l) => { console.log(l); rl.close(); }); rl.on('close', () => console.log('close')); process.on('exit', () => console.log('exit'));",
  ],
  [
    'process replaced and captured',
    numbers,
    "const { stdin, stdout, argv } = process; stdin.on('data', (c) => stdout.write(String(c.length + argv.length))); stdin.on('end', () => stdout.write('\\n')); globalThis.process = null;",
  ],
  [
    'ES import',
    numbers,
    "import { readFileSync } from 'fs'; import * as os from 'node:os'; console.log(readFileSync(0, 'utf8').split(os.EOL).length);",
  ],
  [
    'ES import of readline, top-level await',
    numbers,
    "import readline from 'node:readline'; const rl = readline.createInterface({ input: process.stdin }); let n = 0; for await (const l of rl) n += l.length; console.log(n);",
  ],
];

const print: Row[] = [
  ['several arguments', '', "console.log(1, 'a', true, null, undefined, 2.5, -0, NaN, Infinity, 10n, Symbol('s'));"],
  [
    'format marks',
    '',
    "console.log('%s is %d years, %i, %f, %j %% %O', 'Bob', 42.5, 42.9, '1.25', { a: 1 }, [1], 'extra', 7); console.log('%s', 'a', 'b'); console.log('100%', 5); console.log('%d%%', 50); console.log('%s');",
  ],
  [
    'nested objects',
    '',
    "console.log({ a: 1, 'b-c': 'x', d: [1, 2, { e: { f: { g: 1 } } }], h: null, i: undefined, j() {}, k: () => 1, l: class A {} });",
  ],
  [
    'long arrays',
    '',
    'console.log(Array.from({ length: 120 }, (_, i) => i * i)); console.log(Array.from({ length: 30 }, (_, i) => "w".repeat(i % 7))); console.log(new Array(3), [1, , 3], [[], [[]], {}]);',
  ],
  [
    'wide objects',
    '',
    "console.log({ alpha: 'aaaaaaaaaaaaaaaaaaaa', beta: 'bbbbbbbbbbbbbbbbbbbbbbbb', gamma: 'cccccccccccccccccccccc', delta: 4 });",
  ],
  [
    'collections',
    '',
    "console.log(new Map([[1, 'a'], ['k', { v: 1 }]]), new Set([1, 'x', [2]]), new Uint8Array([1, 2, 3]), new Date(0), /x+/gi, [new Map(), new Set()]);",
  ],
  ['quotes', '', `console.log(["it's", 'say "x"', 'both \\' "', 'tick \\' " \`', 'nl\\n\\t\\\\', '\\u0001\\u007f']);`],
  [
    'classes',
    '',
    'class P { constructor() { this.x = 1; } get y() { return 2; } } class Q extends P { z = [1]; } console.log(new P(), new Q(), [new Q()], Object.create(null), Object.assign(Object.create(null), { a: 1 }));',
  ],
  ['cycles', '', 'const a = { n: 1 }; a.self = a; a.list = [a, { a }]; console.log(a);'],
  [
    'functions and accessors',
    '',
    'function named() {} console.log(named, () => {}, async () => {}, function* gen() {}, { get a() { return 1; }, set a(v) {}, get b() { return 1; }, set c(v) {} }, Math.max);',
  ],
  [
    'stdout.write',
    '',
    "process.stdout.write('a'); process.stdout.write('b\\n'); process.stdout.write(Buffer.from('héé\\n')); console.log();",
  ],
  [
    'console.group',
    '',
    "console.group('G'); console.log('in\\nside'); console.group(); console.log({ a: 1 }); console.groupEnd(); console.groupEnd(); console.log('out');",
  ],
  [
    'console.error is not output',
    '',
    "console.error('no'); console.warn('no'); process.stderr.write('no'); console.info('yes'); console.debug('yes');",
  ],
  [
    'console.count and dir',
    '',
    "console.count(); console.count('x'); console.count(); console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });",
  ],
  [
    'boxed values and symbols',
    '',
    "console.log([new Number(3), new String('s'), new Boolean(false)], { [Symbol('k')]: 1 }, [Symbol.iterator]);",
  ],
  [
    'matrix',
    '3',
    "const n = +require('fs').readFileSync(0, 'utf8'); console.log(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => i * j))); console.log([[1, 2, 3], [4, 5, 6]], [['a', 'b'], ['c']]);",
  ],
];

const rest: Row[] = [
  [
    'BigInt input',
    bigs,
    "const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(BigInt); console.log(String(a * b)); console.log((a + b).toString(), a < b, [a]);",
  ],
  ['process.exit in the middle', numbers, "console.log('before'); process.exit(0); console.log('after');"],
  [
    'process.exit in a function with finally',
    '',
    "function f() { try { process.exit(); } finally { console.log('never'); } } f();",
  ],
  ['exit listener', '', "process.on('exit', (c) => console.log('exit', c)); console.log('run');"],
  ['process.argv', '', 'console.log(process.argv.length, process.argv.slice(2));'],
  [
    'timers in order',
    '',
    "setTimeout(() => console.log('later'), 300); setTimeout(() => console.log('soon'), 5); Promise.resolve().then(() => console.log('micro')); console.log('sync'); let n = 0; const i = setInterval(() => { n += 1; if (n === 3) { clearInterval(i); setTimeout(() => console.log('ticks', n), 400); } }, 1);",
  ],
  [
    'top-level return',
    '5',
    "const n = Number(require('fs').readFileSync(0, 'utf8')); if (n === 5) { console.log('five'); return; } console.log('other');",
  ],
  [
    'main module idiom',
    numbers,
    "function main() { console.log(require('fs').readFileSync(0, 'utf8').length); } if (require.main === module) main();",
  ],
  [
    'strict mode and labels',
    '',
    "'use strict'; outer: for (let i = 0; i < 3; i += 1) { for (let j = 0; j < 3; j += 1) { if (j === 2) continue outer; console.log(i, j); } }",
  ],
  [
    'promisified and async main',
    '2 3',
    "const { promisify } = require('util'); const wait = promisify((v, done) => setTimeout(() => done(null, v * 2), 1)); (async () => { const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(await wait(a), await wait(b)); })();",
  ],
  [
    'structuredClone and sorting',
    '',
    'const a = { d: [3, 1, 2], m: new Map([[1, { x: 1 }]]) }; const b = structuredClone(a); b.d.sort(); console.log(a, b, b.m.get(1) !== a.m.get(1));',
  ],
  [
    'util.inspect and format',
    '',
    "const util = require('util'); console.log(util.inspect({ a: { b: { c: { d: 1 } } } }, { depth: null }), util.format('%s-%d', 'x', 4), util.inspect('str'));",
  ],
  [
    'event emitter',
    '',
    "const EventEmitter = require('events'); class E extends EventEmitter {} const e = new E(); e.on('x', (a, b) => console.log(a + b)); e.once('x', () => console.log('once')); console.log(e.emit('x', 1, 2), e.emit('x', 3, 4), e.emit('y'));",
  ],
  [
    'TextEncoder and Buffer',
    '',
    "const t = new TextEncoder().encode('日é'); console.log(t, new TextDecoder().decode(t), Buffer.from('68656c6c6f', 'hex').toString(), Buffer.from('aGk=', 'base64').toString(), Buffer.byteLength('é'));",
  ],
];

export const stdinPrograms: readonly StdinProgram[] = [...readFile, ...readLine, ...stream, ...print, ...rest].map(
  ([name, stdin, source]) => ({ name, stdin, source }),
);
