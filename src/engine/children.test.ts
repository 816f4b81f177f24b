import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import type { TrainOptions, TrainSequence } from '../protocol/runtime.ts';
import type { LoadRequest, RuntimeCalls } from '../runtime/process/calls.ts';
import { createRuntimeOwner } from './children.ts';

const replies: { [Name in keyof RuntimeCalls]?: RuntimeCalls[Name][1] } = { train: [] };

/** Runtime processes that only note what they are asked; `dieAt`: calls, by number over all processes, that kill one. */
function fakeRuntimes(dieAt: readonly number[]) {
  /** What each process was asked, in order: `train a` for an update of the sequence `a`. */
  const asked: string[][] = [];
  let calls = 0;
  const start = () => {
    const own: string[] = [];
    asked.push(own);
    let alive = true;
    return {
      get alive() {
        return alive;
      },
      async call<Name extends keyof RuntimeCalls>(name: Name, argument: RuntimeCalls[Name][0]) {
        calls++;
        if (dieAt.includes(calls)) {
          alive = false;
          throw new BoundaryError('runtime', 'It died.', '');
        }
        const detail =
          'sequences' in argument && 'options' in argument
            ? argument.sequences.map(({ id }) => id).join(' ')
            : 'dir' in argument
              ? argument.dir
              : '';
        own.push(`${name} ${detail}`.trim());
        return replies[name] as RuntimeCalls[Name][1];
      },
      close: () => Promise.resolve(),
    };
  };
  return { asked, start };
}

const sequence = (id: string): TrainSequence => ({
  ...{ id, promptTokenIds: [1], tokenIds: [2], advantage: 1, oldLogprobs: [-1] },
});

function setUp(dieAt: readonly number[]) {
  const { asked, start } = fakeRuntimes(dieAt);
  const restarts: string[] = [];
  const owner = createRuntimeOwner({
    load: { modelPath: 'm' } as LoadRequest,
    onProgress: () => undefined,
    onRestart: (stage) => restarts.push(stage),
    start,
  });
  const train = (id: string) => owner.policy.train([sequence(id)], {} as TrainOptions);
  return { asked, restarts, owner, train };
}

describe('a runtime that dies', () => {
  it('in a stage that trains is started with the adapter of the stage, whatever its name, and trained once', async () => {
    // load, train a, train b dies; then load, train a, train b.
    const { asked, restarts, owner, train } = setUp([3]);
    await owner.stage('solve', async () => {
      await train('a');
      await train('b');
    });
    assert.deepEqual(asked, [['load', 'train a'], ['load', 'train a', 'train b']]); // prettier-ignore
    assert.deepEqual(restarts, ['solve']);
  });

  it('after training, before the checkpoint, gets the updates of the step again', async () => {
    const { asked, owner, train } = setUp([5]);
    await owner.stage('load', () => owner.loadCheckpoint('c1'));
    await owner.stage('update', async () => {
      await train('a');
      await train('b');
    });
    await owner.stage('record', () => owner.saveCheckpoint('c2', 'base'));
    assert.deepEqual(asked[1], ['load', 'loadCheckpoint c1', 'train a', 'train b', 'saveCheckpoint c2']);
  });

  it('after a checkpoint begins with that', async () => {
    const { asked, owner, train } = setUp([5]);
    await owner.stage('update', () => train('a'));
    await owner.stage('record', () => owner.saveCheckpoint('c2', 'base'));
    owner.checkpointed('c2');
    await owner.stage('update', async () => {
      await train('b');
      await train('c');
    });
    assert.deepEqual(asked[1], ['load', 'loadCheckpoint c2', 'train b', 'train c']);
  });

  it('three times in a stage ends it with its last words', async () => {
    const { restarts, owner, train } = setUp([2, 4, 6]);
    await assert.rejects(
      owner.stage('update', () => train('a')),
      (error) => error instanceof BoundaryError && /3 times in a row in stage "update".*It died/.test(error.message),
    );
    assert.equal(restarts.length, 2);
  });
});
