import assert from 'node:assert/strict';
import type { RejectedFunction } from '../protocol/seed.ts';
import { foundText } from './run-seeds.ts';

describe('what the search for functions found', () => {
  const rejected = (reason: RejectedFunction['reason']): RejectedFunction => ({
    ...{ file: 'a.js', line: 1, name: 'a', reason },
    detail: '',
  });

  it('says how many it had no time for, as on a busy machine', () => {
    assert.equal(foundText({ seeds: [], rejected: [rejected('this')] }), '0 functions of this folder can be used');
    const all = [rejected('not_tried'), rejected('this'), rejected('not_tried')];
    assert.match(foundText({ seeds: [], rejected: all }), /had no time to try 2 others$/);
  });
});
