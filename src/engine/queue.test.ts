import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { RunState } from '../protocol/run-state.ts';
import { writeRun } from '../run/folder.ts';
import { ownIdentity } from '../run/ownership.ts';
import { exampleRun } from '../view/example-records.ts';
import type { StartOptions } from './client.ts';
import { advanceQueue, dequeue, dequeueFolder, enqueue, holdQueue, listQueue, queuePlaces } from './queue.ts';

describe('the queue of runs', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'selfq-queue-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  const config = resolveConfig('quick', { steps: 3, topic: 'arrays' });
  const dirOf = (name: string): string => join(cache, 'runs', name);
  const add = (...names: string[]): void => names.forEach((name) => enqueue(dirOf(name), config, cache));

  /** run.json as an engine leaves it; `alive`: that of this process. */
  function record(dir: string, state: RunState, alive: boolean): void {
    mkdirSync(dir, { recursive: true });
    const engine = { ...ownIdentity(), token: '', socket: '' };
    writeRun(
      dir,
      exampleRun({
        state,
        engine: alive ? engine : { ...engine, heartbeat: '2026-01-01T00:00:00.000Z', startTime: 'before:1' },
      }),
    );
  }

  /** Advances with engines that begin at once; the started folders with what they were started with. */
  async function advance(fails?: string): Promise<[dir: string, options: StartOptions][]> {
    const started: [string, StartOptions][] = [];
    await advanceQueue({
      cache,
      start: async (dir, options) => {
        if (dir === fails) {
          throw new BoundaryError('environment', 'The disk is full.', 'Free some space.');
        }
        started.push([dir, options]);
        record(dir, 'running', true);
      },
    });
    return started;
  }

  it('starts the first run, and no other while that is running', async () => {
    add('a', 'b');
    assert.deepEqual(await advance(), [[dirOf('a'), { config: { ...config } }]]);
    assert.deepEqual(await advance(), []);
    assert.deepEqual(
      listQueue(cache).map(({ id, state }) => [id, state]),
      [
        [1, 'running'],
        [2, undefined],
      ],
    );
  });

  it('tells of each run that waits whether another one has to end first', async () => {
    const places = (): (string | undefined)[] => listQueue(cache).map(({ place }) => place);
    add('a', 'b');
    assert.deepEqual(places(), ['next', 'behind']);
    record(dirOf('a'), 'running', true);
    assert.deepEqual(places(), [undefined, 'behind']);
    record(dirOf('a'), 'running', false);
    record(dirOf('other'), 'running', true);
    assert.deepEqual(places(), ['behind', 'behind']);
    record(dirOf('other'), 'finished', true);
    record(dirOf('a'), 'failed', true);
    assert.deepEqual(places(), [undefined, 'next']);
    assert.deepEqual([...queuePlaces(listQueue(cache))], [[dirOf('b'), 'next']]);
  });

  it('tells nothing by which a process could steer a run', () => {
    add('a');
    record(dirOf('a'), 'running', true);
    assert.doesNotMatch(JSON.stringify(listQueue(cache)), /token|socket/);
  });

  it('continues with the next when a run has ended, and forgets the ended one', async () => {
    add('a', 'b', 'c');
    record(dirOf('a'), 'finished', false);
    record(dirOf('b'), 'failed', false);
    assert.deepEqual((await advance()).map(([dir]) => dir), [dirOf('c')]); // prettier-ignore
    assert.deepEqual(listQueue(cache).map(({ id }) => id), [3]); // prettier-ignore
  });

  it('resumes the run that a crash or a shutdown cut off, before those behind it', async () => {
    for (const state of ['running', 'stopped'] as const) {
      add('a', 'b');
      record(dirOf('a'), state, false);
      assert.deepEqual(await advance(), [[dirOf('a'), {}]], state);
      rmSync(join(cache, 'runs'), { recursive: true });
      listQueue(cache).forEach(({ id }) => dequeue(id, cache));
    }
  });

  it('waits for a run of the same folder that is not of the queue', async () => {
    add('a');
    record(dirOf('other'), 'running', true);
    assert.deepEqual(await advance(), []);
    record(dirOf('other'), 'finished', true);
    assert.equal((await advance()).length, 1);
  });

  it('keeps why a run could not start, starts the next, and tries it again when asked', async () => {
    add('a', 'b');
    assert.deepEqual((await advance(dirOf('a'))).map(([dir]) => dir), [dirOf('b')]); // prettier-ignore
    assert.equal(listQueue(cache)[0]?.problem, 'The disk is full.');
    record(dirOf('b'), 'finished', false);
    assert.deepEqual(await advance(), []);
    const started: string[] = [];
    await advanceQueue({ cache, insist: true, start: async (dir) => void started.push(dir) });
    assert.deepEqual(started, [dirOf('a')]);
    assert.equal(listQueue(cache)[0]?.problem, undefined);
  });

  it('starts one engine where two ask at once', async () => {
    add('a');
    const started = await advanceQueue({
      cache,
      start: async (dir) => {
        record(dir, 'running', true);
        throw new BoundaryError('run', 'It is in use.', '');
      },
    });
    assert.equal(started, undefined);
    assert.equal(listQueue(cache)[0]?.problem, undefined);
  });

  it('forgets a run that is cancelled, and refuses one twice', () => {
    add('a', 'b');
    assert.throws(() => add('a'), /is in the queue or holds a run already/);
    dequeueFolder(dirOf('a'), cache);
    assert.deepEqual(listQueue(cache).map(({ dir }) => dir), [dirOf('b')]); // prettier-ignore
    add('c');
    assert.deepEqual(listQueue(cache).map(({ id }) => id), [2, 3]); // prettier-ignore
  });

  it('starts nothing while it is held, until a person asks or adds a run', async () => {
    add('a');
    holdQueue(cache);
    assert.deepEqual(await advance(), []);
    add('b');
    assert.equal((await advance()).length, 1);
  });

  it('reads files that are damaged as none', () => {
    add('a');
    writeFileSync(join(cache, 'queue', '000009.json'), '{"dir":');
    assert.equal(listQueue(cache).length, 1);
  });
});
