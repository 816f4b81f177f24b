import assert from 'node:assert/strict';
import { BoundaryError } from '../../base/errors.ts';
import { describeFailure } from './failures.ts';

describe('describeFailure', () => {
  it('knows a lack of memory by the words of those who allocate', () => {
    const failures = [
      () => new Float32Array(2 ** 50),
      () => new ArrayBuffer(2 ** 47),
      () => {
        throw new Error('std::bad_alloc');
      },
      () => {
        throw new Error('Non-zero status code returned: Failed to allocate memory for requested buffer of size 9');
      },
    ];
    for (const fail of failures) {
      try {
        fail();
        assert.fail('did not fail');
      } catch (error) {
        const record = describeFailure(error);
        assert.equal(record.boundary, 'environment', record.message);
        assert.match(record.remedy, /Lower slots/);
      }
    }
  });

  it('knows a full disk', () => {
    assert.match(describeFailure(new Error('ENOSPC: no space left on device, write')).remedy, /Free some space/);
  });

  it('keeps what already says what to do, and gives everything else a next step', () => {
    const known = { boundary: 'model' as const, message: 'm', remedy: 'r' };
    assert.deepEqual(describeFailure(new BoundaryError('model', 'm', 'r')), known);
    assert.deepEqual(describeFailure(new Error('odd')).boundary, 'runtime');
    assert.match(describeFailure('text').remedy, /selfq doctor/);
  });
});
