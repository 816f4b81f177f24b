import assert from 'node:assert/strict';
import { clearedAlarms, lastingAlarms } from './alarms.ts';

describe('alarms that are shown', () => {
  const alarms = [
    { name: 'a', message: '', since: 1, last: 9 },
    { name: 'b', message: '', since: 2, last: 8, cleared: 9 },
    { name: 'c', message: '', since: 3, last: 4, cleared: 5 },
    { name: 'd', message: '', since: 7, last: 9 },
  ];

  it('are those that last apart from those that are over, the latest first', () => {
    assert.deepEqual(lastingAlarms(alarms).map(({ name }) => name), ['d', 'a']); // prettier-ignore
    assert.deepEqual(clearedAlarms(alarms).map(({ name }) => name), ['b', 'c']); // prettier-ignore
  });
});
