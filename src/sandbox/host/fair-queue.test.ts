import assert from 'node:assert/strict';
import { FairQueue } from './fair-queue.ts';

describe('fair queue', () => {
  const item = (owner: string, name: string): { owner: string; name: string } => ({ owner, name });
  const drain = (queue: FairQueue<{ owner: string; name: string }>): string => {
    let names = '';
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      names += next.name;
    }
    return names;
  };

  it('lets owners take turns, each in its own order', () => {
    const queue = new FairQueue<{ owner: string; name: string }>();
    for (const name of '1234') {
      queue.push(item('many', name));
    }
    queue.push(item('one', 'a'));
    queue.push(item('two', 'x'));
    queue.push(item('two', 'y'));
    assert.equal(queue.length, 7);
    assert.equal(drain(queue), '1ax2y34');
    assert.equal(queue.length, 0);
  });

  it('gives out nothing that was removed', () => {
    const queue = new FairQueue<{ owner: string; name: string }>();
    const [first, second] = [item('a', '1'), item('a', '2')];
    queue.push(first);
    queue.push(second);
    assert.equal(queue.remove(first), true);
    assert.equal(queue.remove(first), false);
    assert.deepEqual([queue.length, drain(queue)], [1, '2']);
    queue.push(first);
    assert.deepEqual([queue.clear(), queue.length, queue.shift()], [[first], 0, undefined]);
  });
});
