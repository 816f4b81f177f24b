import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs in a separate process, like a worker: its second argument is the module to load isolated-vm from. */
const script = `
  import { ivm } from './native.ts';
  import { bootSource } from '../realm/boot.ts';
  import { nodeSource, programSource } from '../realm/node/compose.ts';
  import { LibraryShelf, libraryNames } from './libraries.ts';
  import { Prelude } from './prelude.ts';
  import { warmUp } from './warm-up.ts';

  const shelf = new LibraryShelf();
  const program = new Prelude(programSource());
  const [boot, node] = [new Prelude(bootSource(1000)), new Prelude(nodeSource())];
  const preludes = { boot, node, program, ...Object.fromEntries(libraryNames.map((name) => [name, shelf.prelude(name)])) };
  const isolate = new ivm.Isolate();
  const compile = () => Object.entries(preludes).map(([name, prelude]) => {
    const { cachedDataRejected } = prelude.compile(isolate);
    return [name, cachedDataRejected];
  });
  const cold = compile();
  warmUp({ boot, node, program }, shelf);
  process.stdout.write(JSON.stringify({ cold, warm: compile() }));
`;

describe('code caches of what programs need', () => {
  it('are taken by every isolate, those of each part of Node and of each library', async () => {
    const args = ['--no-node-snapshot', '--no-warnings', '--input-type=module', '-e', script, 'worker', 'isolated-vm'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
    const { cold, warm } = JSON.parse(stdout) as Record<'cold' | 'warm', [name: string, rejected: boolean | null][]>;
    assert.ok(cold.length > 10 && cold.every(([, rejected]) => rejected === null));
    assert.deepEqual(
      warm,
      cold.map(([name]) => [name, false]),
    );
  }).timeout(60_000);
});
