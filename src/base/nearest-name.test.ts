import assert from 'node:assert/strict';
import { nearestName } from './nearest-name.ts';

describe('the nearest name', () => {
  const known = ['run', 'resume', 'status'];

  it('is that with the fewest edits, whatever the case', () => {
    assert.equal(nearestName('rnu', known), 'run');
    assert.equal(nearestName('STATSU', known), 'status');
  });

  it('is none where nothing is near, or nothing is known', () => {
    assert.equal(nearestName('xyzzyx', known), undefined);
    assert.equal(nearestName('run', []), undefined);
  });
});
