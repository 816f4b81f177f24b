import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assertAlike } from './alike.ts';
import { cases, type GoldenStep, playCase } from './make-step.ts';

type Golden = Record<string, GoldenStep[]>;

describe('self-play in coding, beside what commit e85492e computed', function () {
  this.timeout(120_000);
  const golden = JSON.parse(readFileSync(new URL('step.json', import.meta.url), 'utf8')) as Golden;

  it('is compared in all that makes a step, or the comparisons below would say little', () => {
    assert.deepEqual(Object.keys(golden), Object.keys(cases));
    const steps = Object.values(golden).flat();
    for (const { lines } of steps) {
      const text = JSON.stringify(lines);
      for (const type of ['prompt', 'proposal', 'question', 'answer', 'update']) {
        assert.ok(text.includes(`"type":"${type}"`), type);
      }
      for (const part of ['"role":"solver"', '"role":"proposer"', '"near_duplicate"', '"AC"', '"WA"']) {
        assert.ok(text.includes(part), part);
      }
    }
    for (const part of ['"few_tests"', '"CE"', '"leftOut":true', '"refLogprob":', '"importanceWeight":']) {
      assert.ok(JSON.stringify(steps).includes(part), part);
    }
  });

  for (const [name, played] of Object.entries(cases)) {
    it(`computes the same in ${name}`, async () => {
      assertAlike(await playCase(played), golden[name]);
    });
  }
});
