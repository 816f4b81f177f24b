import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createSandbox, type SandboxPool } from '../../src/sandbox/host/pool.ts';
import { goldenPath, goldenVectors } from './make-scale.ts';

describe('golden vectors for trainers in other languages', function () {
  this.timeout(120_000);
  let sandbox: SandboxPool;
  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(() => sandbox.close());

  it('are what this program computes; `node test/golden/make-scale.ts` writes them again', async () => {
    const written: unknown = JSON.parse(readFileSync(goldenPath, 'utf8'));
    assert.deepEqual(JSON.parse(JSON.stringify(await goldenVectors(sandbox))), written);
  });

  it('hold every domain and every mark, or they would say little', () => {
    const text = readFileSync(goldenPath, 'utf8');
    for (const part of ['"arithmetic"', '"algebra"', '"coding"', '"masked"', '"partial"', '"unparsable"', '"sameAs"']) {
      assert.ok(text.includes(part), part);
    }
  });
});
