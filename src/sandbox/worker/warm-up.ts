import { setFlagsFromString } from 'node:v8';
import { constants, type Context, createContext, Script } from 'node:vm';
import type { Boot } from '../realm/boot.ts';
import type { NodeRealm } from '../realm/node/compose.ts';
import type { LibraryBody, LoadLibrary } from '../realm/node/libraries.ts';
import { type LibraryShelf, libraryNames } from './libraries.ts';
import type { Prelude } from './prelude.ts';

/** Most characters of output, ample for these programs. */
const maxOutput = 100_000;

/** What most programs do, in a few lines, and each library once. */
const habits = `
  const fs = require('fs');
  const readline = require('readline');
  const assert = require('assert');
  console.log('a', 1, true, [1, 'b', [2.5]], { a: { b: null } }, new Map([[1, new Set([2])]]), Array.from({ length: 9 }));
  console.log('%s %d', 'a', 1);
  console.error(new Error('a'));
  console.log(require('util').inspect('a'));
  assert.deepEqual({ a: [1] }, { a: [1] });
  assert.deepStrictEqual([1, { b: 2 }], [1, { b: 2 }]);
  assert.equal(1, 1);
  assert(true);
  process.stdout.write(String(process.argv.length) + '\\n');
  Buffer.from('a').toString();
  fs.writeSync(1, 'a');
  require('path').join('a', 'b');
  require('crypto').createHash('sha256').update('a').digest('hex');
  new URL('http://a/b').href;
  const emitter = new (require('events'))();
  emitter.on('a', (b) => b);
  emitter.once('a', (b) => b);
  emitter.emit('a', 1);
  setTimeout(() => process.nextTick(() => Promise.resolve()), 1);
`;
/** Ways to read, which exclude each other. */
const readers = [
  `${habits}
  const lines = [];
  const rl = readline.createInterface({ input: process.stdin, output: process.stdout });
  rl.on('line', (line) => lines.push(line)).on('close', () => console.log(lines.length));`,
  `(async () => {
    for await (const line of require('readline').createInterface({ input: process.stdin })) {
      console.log(line);
    }
  })();`,
  `let text = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (part) => (text += part)).on('end', () => console.log(text.trim().split('\\n').length));`,
  `console.log(require('fs').readFileSync(0, 'utf8').split(' ').map(Number).join(' '));`,
  `console.log(String(require('fs').readFileSync('/dev/stdin')).length);`,
];

/**
 * Gives each prelude a code cache with the functions that programs need. V8 compiles a function when it first runs, and a
 * code cache holds what was compiled when it was made: one made of a script that has not run leaves nearly all of the work
 * to every isolate again. Only trusted code runs here, in a context without anything of the worker. About 0.1 s of CPU time.
 */
export function warmUp(preludes: { boot: Prelude; node: Prelude; program: Prelude }, shelf: LibraryShelf): void {
  // Whole scripts in the cache would take half as long again to read in every isolate.
  const eager = process.execArgv.includes('--no-lazy');
  if (eager) {
    setFlagsFromString('--lazy');
  }
  const script = (prelude: Prelude): [Prelude, Script] => [prelude, new Script(prelude.source)];
  const [boot, node, program] = [script(preludes.boot), script(preludes.node), script(preludes.program)];
  const libraries = new Map(libraryNames.map((name) => [name, script(shelf.prelude(name))]));
  const names = libraryNames.join(',');
  const loaderOf =
    (context: Context): LoadLibrary =>
    (name) =>
      libraries.get(name)?.[1].runInContext(context) as LibraryBody;
  for (const reader of readers) {
    const context = createContext(constants.DONT_CONTEXTIFY);
    const make = program[1].runInContext(context) as (seed: number, ...rest: unknown[]) => NodeRealm;
    runToEnd(make(0, maxOutput, names, loaderOf(context)), reader);
    const other = createContext(constants.DONT_CONTEXTIFY);
    const made = (boot[1].runInContext(other) as (seed: number) => Boot)(0);
    made.call((data: unknown) => ({ data, sum: 1.5 }), '[[1, "a", null, { "b": true }]]', false);
    type Compose = (made: Boot, ...rest: unknown[]) => NodeRealm;
    runToEnd((node[1].runInContext(other) as Compose)(made, maxOutput, names, loaderOf(other)), reader);
  }
  if (eager) {
    setFlagsFromString('--no-lazy');
  }
  for (const [prelude, used] of [boot, node, program, ...libraries.values()]) {
    prelude.useCache(used.createCachedData());
  }
}

function runToEnd(realm: NodeRealm, source: string): void {
  realm.start('1 2\n3\n');
  let reply = realm.main(realm.compile(source));
  while (reply === 't') {
    reply = realm.poll();
  }
  if (!reply.startsWith('v')) {
    throw new Error(`a program of the warm-up failed: ${reply}`);
  }
}
