import assert from 'node:assert/strict';
import { openModel } from '../../src/model/open.ts';
import { BoundaryError } from '../../src/base/errors.ts';

/** Asserts that opening fails as the model's fault, naming the path and what is wrong, with a remedy. */
export async function assertRefused(path: string, words: RegExp): Promise<void> {
  await assert.rejects(openModel(path), (error) => {
    assert.ok(error instanceof BoundaryError, String(error));
    assert.equal(error.boundary, 'model');
    assert.match(error.message, words);
    assert.ok(error.message.includes(path), error.message);
    assert.ok(error.remedy.length > 0);
    return true;
  });
}
