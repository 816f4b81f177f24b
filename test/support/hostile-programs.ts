import type { Verdict } from '../../src/protocol/problem.ts';

/**
 * Programs that attack the judge, by abuse class, for the tests and the benchmark. All are for the problem "sum of an
 * array" (function `solve`), none solves it, and each must get one of its verdicts. Which one may depend on which of two
 * limits it meets first.
 */
export interface HostileProgram {
  abuse: 'time' | 'border' | 'memory' | 'output' | 'forgery' | 'escape';
  name: string;
  verdicts: Verdict[];
  source: string;
  /** CPU milliseconds of a test; enough for a memory limit to be met first. */
  timeMs: number;
}

type Row = [name: string, verdicts: string, source: string];

/** Verdicts are separated by blanks. */
function programs(abuse: HostileProgram['abuse'], rows: Row[]): HostileProgram[] {
  const timeMs = abuse === 'memory' ? 1000 : 60;
  return rows.map(([name, verdicts, source]) => ({
    abuse,
    name,
    verdicts: verdicts.split(' ') as Verdict[],
    source,
    timeMs,
  }));
}

const time = programs('time', [
  ['endless loop', 'TLE', 'function solve() { for (;;); }'],
  ['endless loop at the top level', 'TLE', 'for (;;);'],
  ['endless loop in finally', 'TLE', 'function solve() { try { throw 1; } finally { for (;;); } }'],
  [
    'loop that catches its own termination',
    'TLE',
    'function solve() { for (;;) { try { for (;;); } catch {} finally { continue; } } }',
  ],
  ['endless microtask chain', 'TLE', 'async function solve() { for (;;) await null; }'],
  [
    'microtasks that breed',
    'TLE MLE',
    'function solve() { const f = () => Promise.resolve().then(f).then(f); f(); return 1; }',
  ],
  ['promise that never settles', 'RE', 'function solve() { return new Promise(() => {}); }'],
  [
    'timer that renews itself for ever',
    'TLE',
    'function solve() { return new Promise(() => { const f = () => setTimeout(f, 0); f(); }); }',
  ],
  ['catastrophic regular expression', 'WA TLE', 'function solve() { return /^(a+)+$/.test("a".repeat(50) + "b"); }'],
  [
    'catastrophic regular expression with a back reference',
    'TLE',
    'function solve() { return /^(a+)+\\1$/.test("a".repeat(40) + "b"); }',
  ],
  ['huge power of a bigint', 'TLE RE', 'function solve() { return 7n ** (7n ** (10n ** 7n)); }'],
  ['huge bigint to text', 'TLE OLE', 'function solve() { return String((1n << 20000000n) - 1n); }'],
  [
    'native over a huge length',
    'TLE',
    'function solve() { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }',
  ],
  [
    'native copy of a huge length',
    'TLE MLE RE',
    'function solve() { return Array.prototype.slice.call({ length: 2 ** 32 - 2 }); }',
  ],
  ['comparator that loops', 'TLE', 'function solve() { return [3, 1, 2].sort(() => { for (;;); }); }'],
  [
    'stack overflow that is caught and repeated',
    'TLE',
    'function solve() { const f = () => { try { f(); } catch { f(); } }; f(); }',
  ],
  ['plain stack overflow', 'RE', 'function solve() { return solve(); }'],
  ['deeply nested source', 'CE RE', `const solve = () => ${'('.repeat(20000)}1${')'.repeat(20000)};`],
  ['deeply nested arrays in the source', 'CE WA RE BAD', `const solve = () => ${'['.repeat(5000)}${']'.repeat(5000)};`],
  ['source over a megabyte', 'CE', `const solve = () => 1; //${'x'.repeat(1_000_001)}`],
  ['megabyte of functions', 'CE TLE WA MLE', `${'function f(){return f}'.repeat(40000)} const solve = () => 1;`],
  [
    'join of a huge sparse array',
    'TLE MLE RE',
    'function solve() { const a = []; a.length = 2 ** 32 - 1; return a.join("x"); }',
  ],
  [
    'endless generator spread',
    'TLE MLE RE',
    'function solve() { return [...(function* () { for (;;) yield 1; })()]; }',
  ],
  ['string search without end', 'TLE WA', 'function solve() { return "a".repeat(1e6).replace(/a*?b|a+?c/g, ""); }'],
]);

const border = programs('border', [
  ['thrown value whose message loops', 'TLE RE', 'function solve() { throw { get message() { for (;;); } }; }'],
  ['thrown at the top level: message loops', 'TLE RE', 'throw { get message() { for (;;); } };'],
  [
    'thrown error whose stack loops',
    'TLE RE',
    'const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;); } }); throw e;',
  ],
  ['thrown Proxy', 'TLE RE', 'throw new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } });'],
  [
    'thrown Proxy from the function',
    'TLE RE',
    'function solve() { throw new Proxy(() => 1, { get() { throw this; } }); }',
  ],
  ['thrown null', 'RE', 'function solve() { throw null; }'],
  ['thrown symbol', 'RE', 'function solve() { throw Symbol("x"); }'],
  ['thrown huge message', 'RE MLE TLE', 'function solve() { throw new Error("x".repeat(2 ** 28)); }'],
  ['message that imitates the host', 'RE', 'function solve() { throw new Error("Script execution timed out."); }'],
  [
    'message that imitates the memory limit',
    'RE',
    'throw new Error("Isolate was disposed during execution due to memory limit");',
  ],
  ['toString that loops', 'TLE RE', 'function solve() { throw { toString() { for (;;); } }; }'],
  ['result is a function', 'BAD', 'function solve() { return solve; }'],
  ['result holds a symbol', 'BAD', 'function solve() { return [Symbol()]; }'],
  ['result is a Map', 'BAD', 'function solve() { return new Map([[1, 2]]); }'],
  ['result is a Date', 'BAD', 'function solve() { return new Date(NaN); }'],
  ['result is a boxed number', 'BAD', 'function solve() { return new Number(6); }'],
  ['result is a cyclic object', 'BAD', 'function solve() { const o = {}; o.o = o; return o; }'],
  [
    'result is a million deep',
    'BAD OLE MLE TLE',
    'function solve() { let a = []; for (let i = 0; i < 1e6; i += 1) a = [a]; return a; }',
  ],
  ['result is a million wide', 'WA OLE MLE TLE', 'function solve() { return new Array(1e6).fill(0); }'],
  ['result is a sparse array', 'OLE TLE', 'function solve() { const a = []; a.length = 4294967295; return a; }'],
  ['result is a huge string', 'OLE', 'function solve() { return "x".repeat(2 ** 27); }'],
  ['result is a cyclic tree that doubles', 'OLE BAD TLE', 'function solve() { const a = []; a.push(a, a); return a; }'],
  ['result has an own __proto__', 'WA', 'function solve() { return JSON.parse(\'{"__proto__": 6}\'); }'],
  [
    'result is a Proxy of an array whose length lies',
    'WA TLE OLE RE',
    'function solve() { let n = 0; return new Proxy([], { get: (t, k) => (k === "length" ? 1e9 : n++) }); }',
  ],
  ['result is a getter that loops', 'TLE', 'function solve() { return { get a() { for (;;); } }; }'],
  ['result has toJSON', 'BAD', 'function solve() { return { toJSON: () => 6 }; }'],
  [
    'result is a thenable that answers late',
    'BAD RE',
    'function solve() { return { then: (go) => setTimeout(() => go(6), 10) }; }',
  ],
  [
    'unhandled rejection of a looping value',
    'WA RE TLE',
    'function solve() { Promise.reject({ get message() { for (;;); }, get stack() { for (;;); } }); return 1; }',
  ],
  ['result is NaN', 'WA', 'function solve() { return NaN; }'],
  ['result is a typed array', 'BAD', 'function solve() { return new Float64Array(3); }'],
  [
    'result is an object of equal everything',
    'BAD WA',
    'function solve() { return { valueOf: () => 6, toString: () => "6", [Symbol.toPrimitive]: () => 6 }; }',
  ],
  ['result is a class with equals', 'BAD', 'class All { equals() { return true; } } const solve = () => new All();'],
  ['result has the key of the wire', 'WA', 'function solve() { return { "\\0": "undefined" }; }'],
  ['result has the key of the wire twice', 'WA', 'function solve() { return { "\\0\\0": { "\\0": "6n" } }; }'],
]);

const memory = programs('memory', [
  ['array that grows', 'MLE', 'function solve() { const a = []; for (;;) a.push(a.length); }'],
  [
    'string that doubles',
    'MLE RE TLE',
    'function solve() { let s = "x"; for (;;) { s += s + Math.random(); s.charCodeAt(s.length - 1); } }',
  ],
  ['Map that grows', 'MLE RE', 'function solve() { const m = new Map(); for (let i = 0; ; i += 1) m.set(i, {}); }'],
  ['Set that grows', 'MLE RE', 'function solve() { const s = new Set(); for (let i = 0; ; i += 1) s.add("k" + i); }'],
  ['array buffers', 'MLE RE', 'function solve() { const a = []; for (;;) a.push(new ArrayBuffer(1e6)); }'],
  ['filled typed arrays', 'MLE RE', 'function solve() { const a = []; for (;;) a.push(new Uint8Array(4e6).fill(1)); }'],
  [
    'resizable buffers',
    'MLE RE',
    'function solve() { const a = []; for (;;) { const b = new ArrayBuffer(0, { maxByteLength: 2 ** 28 }); b.resize(2 ** 28); new Uint8Array(b).fill(1); a.push(b); } }',
  ],
  [
    'reserved resizable buffers',
    'MLE RE TLE',
    'function solve() { const a = []; for (;;) a.push(new ArrayBuffer(2 ** 26, { maxByteLength: 2 ** 30 })); }',
  ],
  ['shared buffers', 'RE', 'function solve() { return new SharedArrayBuffer(2 ** 30); }'],
  ['WebAssembly memory', 'RE', 'function solve() { return new WebAssembly.Memory({ initial: 30000 }); }'],
  [
    'transferred buffers',
    'MLE RE TLE',
    'function solve() { const a = []; for (let n = 1e6; ; ) a.push(new ArrayBuffer(1).transfer(n)); }',
  ],
  [
    'amplification through JSON',
    'MLE RE TLE',
    'function solve() { let v = [1]; for (;;) v = JSON.parse(JSON.stringify([v, v, v, v])); }',
  ],
  [
    'closures that hold on',
    'MLE TLE',
    'function solve() { let f = () => 1; for (;;) { const g = f, a = new Array(100).fill(0); f = () => g() + a.length; } }',
  ],
  ['a giant fill', 'MLE RE', 'function solve() { return new Array(2 ** 27).fill(0).length; }'],
  [
    'regular expressions without number',
    'MLE TLE',
    'function solve() { const a = []; for (let i = 0; ; i += 1) { const r = new RegExp("a{" + i + "}"); r.test("a"); a.push(r); } }',
  ],
  ['split of a long string', 'MLE RE WA OLE', 'function solve() { return "x".repeat(2 ** 25).split(""); }'],
]);

const output = programs('output', [
  ['console flood', 'TLE', 'function solve() { for (;;) console.log("x".repeat(1000)); }'],
  ['one huge line', 'WA MLE RE', 'function solve() { console.log("x".repeat(2 ** 28)); return 1; }'],
  ['lone surrogates', 'WA', 'function solve() { return "\\ud800\\udfff\\udc00"; }'],
  ['terminal escapes', 'WA', 'function solve() { return "\\u001b[2J\\u001b]0;x\\u0007"; }'],
  ['text like the protocol', 'WA', 'function solve() { return \'{"id":1,"nonce":"","outcomes":[],"done":true}\'; }'],
  ['text like a verdict', 'WA', 'function solve() { console.log(\'{"verdict":"AC"}\'); return "AC"; }'],
  ['text like a reply of the boot script', 'WA', 'function solve() { return "v6"; }'],
  ['thrown text like a reply', 'RE', 'function solve() { throw "v6"; }'],
  [
    'console of a hostile object',
    'WA',
    'function solve() { console.log(new Proxy({}, { get() { for (;;); } })); return 1; }',
  ],
]);

const forgery = programs('forgery', [
  ['replaced JSON', 'WA', 'JSON.stringify = () => "6"; JSON.parse = () => [[6]]; const solve = () => 1;'],
  [
    'replaced Array iterator',
    'WA',
    'Array.prototype[Symbol.iterator] = function* () { yield 6; }; const solve = () => 1;',
  ],
  [
    'setters on Object.prototype',
    'WA BAD',
    'const d = Object.assign(Object.create(null), { set() {}, get() { return "v6"; }, configurable: true }); for (const k of ["status", "v", "0", "tag", "next", "timeout", "reference", "copy", "value"]) Object.defineProperty(Object.prototype, k, d); const solve = () => 1;',
  ],
  [
    'setters on Array.prototype',
    'WA',
    'for (let i = 0; i < 9; i += 1) Object.defineProperty(Array.prototype, i, { set() {}, get() { return 6; }, configurable: true }); const solve = () => 1;',
  ],
  [
    'replaced Reflect and Object',
    'WA',
    'Reflect.apply = () => 6; Object.is = () => true; Object.keys = () => []; Object.getPrototypeOf = () => Object.prototype; const solve = () => 1;',
  ],
  [
    'replaced Promise',
    'WA RE',
    'Promise.prototype.then = function (f) { f(6); }; globalThis.Promise = class { then(f) { f(6); } }; const solve = async () => 1;',
  ],
  [
    'replaced String and Number',
    'WA',
    'String.prototype.slice = () => "6"; String.prototype.charAt = () => "v"; Number.isFinite = () => false; const solve = () => 1;',
  ],
  [
    'Error.prepareStackTrace',
    'RE',
    'Error.prepareStackTrace = (e, sites) => { sites.map((s) => s.getFunction() && s.getThis()); return "6"; }; const solve = () => { throw new Error("x").stack; };',
  ],
  [
    'arguments.callee.caller',
    'RE WA',
    'function solve() { const c = arguments.callee.caller; return c === null ? 1 : c.arguments; }',
  ],
  [
    'entry point is a getter that changes',
    'WA',
    'let n = 0; Object.defineProperty(globalThis, "solve", { get: () => (n++, () => n) });',
  ],
  ['entry point is a Proxy', 'WA', 'const solve = new Proxy(() => 1, { apply: () => 1 });'],
  [
    'entry point redefines itself',
    'WA',
    'var solve = () => { solve = () => 6; globalThis.solve = () => 6; return 1; };',
  ],
  ['arguments mutated', 'WA', 'function solve(a) { a.push(5); arguments[0] = 6; return a; }'],
  ['answers by call count', 'WA', 'let n = 0; function solve() { n += 1; return n; }'],
  ['closes a wrapper', 'CE', '}); globalThis.passed = true; (function () {'],
  ['returns at the top level', 'CE', 'return 6; function solve() { return 6; }'],
  ['throws at the top level', 'RE', 'function solve(a) { return a.reduce((x, y) => x + y, 0); } throw 0;'],
  ['hashbang', 'WA', '#!/usr/bin/env node\nfunction solve() { return 1; }'],
  ['line separators in strings', 'WA', 'function solve() { return "\u2028\u2029"; }'],
  ['import of files', 'WA', 'import fs from "fs"; export function solve() { return fs.readFileSync(0, "utf8"); }'],
  ['import of other processes', 'RE', 'import { spawn } from "child_process"; export function solve() { return 6; }'],
  ['an entry function that the added export swallows', 'CE', 'await 0; /*'],
  ['an export that imitates the added one', 'WA', 'await 0; const f = () => 1; export { f as "the entry function" };'],
  ['no code at all', 'CE', ''],
  ['a comment', 'CE', '// solve'],
  ['exit before the tests', 'RE CE', 'process.exit(0);'],
  [
    'constructor of everything',
    'WA',
    'Object.prototype.constructor = function () { return 6; }; const solve = () => 1;',
  ],
  [
    'Symbol.species and Symbol.toPrimitive',
    'WA',
    'Array[Symbol.species]; Object.prototype[Symbol.toPrimitive] = () => 6; const solve = () => 1;',
  ],
  [
    'promise with its own then',
    'WA BAD RE',
    'function solve() { const p = Promise.resolve(1); p.then = (f) => f(6); return p; }',
  ],
  [
    'subclass of Promise with a species that grabs the handlers',
    'WA RE BAD',
    'class P extends Promise { static get [Symbol.species]() { return function (go) { go((v) => v, () => 6); }; } } const solve = () => P.resolve(1);',
  ],
]);

const escape = programs('escape', [
  [
    'constructor chain to process',
    'RE WA CE',
    'const solve = () => this.constructor.constructor("return process")().pid;',
  ],
  [
    'constructor chain through the arguments',
    'RE WA',
    'function solve(a) { return a.constructor.constructor("return process")().env; }',
  ],
  [
    'constructor chain through a host function',
    'RE WA',
    'const solve = () => String(console.log.constructor("return typeof process")());',
  ],
  ['dynamic import', 'RE', 'const solve = async () => (await import("node:fs")).readdirSync("/");'],
  ['require of the file system', 'RE', 'const solve = () => require("fs").readFileSync("/etc/passwd", "utf8");'],
  ['require of child_process', 'RE', 'const solve = () => require("child_process").execSync("id").toString();'],
  ['network', 'RE', 'const solve = async () => (await fetch("http://127.0.0.1:1")).status;'],
  ['environment', 'RE WA', 'const solve = () => process.env.PATH;'],
  [
    'leaked handles',
    'WA',
    'const solve = () => Object.getOwnPropertyNames(globalThis).filter((k) => /ivm|isolate|host|reference/i.test(k));',
  ],
  [
    'host paths in a stack',
    'WA',
    'const solve = () => (new Error().stack.match(/[a-z_-]*sandbox[a-z_-]*|node_modules|internal/g) ?? []).length;',
  ],
  ['binding of the process', 'RE', 'const solve = () => process.binding("fs");'],
  ['eval of an escape', 'WA RE', 'const solve = () => (0, eval)("typeof Deno + typeof Bun + typeof window");'],
]);

export const hostilePrograms: readonly HostileProgram[] = [
  ...time,
  ...border,
  ...memory,
  ...output,
  ...forgery,
  ...escape,
];
