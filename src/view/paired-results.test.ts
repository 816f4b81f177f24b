import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import type { Evaluation } from '../protocol/records.ts';
import { examplePair, exampleResult } from './example-results.ts';
import { pairResults } from './paired-results.ts';
import { english } from './translate.ts';

const [problems] = examplePair({ won: 2, lost: 1, both: 2, neither: 1 });
const before = exampleResult(problems);

function refused(other: Evaluation): string {
  try {
    pairResults(english, before, other);
  } catch (error) {
    assert.ok(error instanceof BoundaryError && error.boundary === 'usage' && error.remedy !== '');
    return error.message;
  }
  return 'was not refused';
}

const notes = (other: Partial<Evaluation>): string[] =>
  pairResults(english, before, exampleResult(problems, other)).notes;

describe('two results', () => {
  it('are paired by problem, whatever the order', () => {
    const { pairs, notes: none } = pairResults(english, before, exampleResult([...problems].reverse()));
    assert.deepEqual(pairs.map(({ id, after }) => [id, after.id]), problems.map(({ id }) => [id, id])); // prettier-ignore
    assert.deepEqual(none, []);
  });

  it('of another benchmark or domain are refused, with both names', () => {
    assert.match(refused(exampleResult(problems, { benchmark: 'coding' })), /is of functions, the second of coding/);
    assert.match(
      refused(exampleResult(problems, { benchmark: 'multiplication', domain: 'arithmetic' })),
      /functions \(coding\), the second of multiplication \(arithmetic\)/,
    );
  });

  it('without problems, or with none in common, are refused', () => {
    assert.match(refused(exampleResult([])), /holds no problems/);
    const others = problems.map((problem) => ({ ...problem, id: `other-${problem.id}` }));
    assert.match(refused(exampleResult(others, { split: 'test', questionsHash: 'x' })), /no problem in common/);
  });

  it('whose questions changed under the same names are refused', () => {
    assert.match(refused(exampleResult(problems, { questionsHash: 'changed' })), /were changed between/);
  });

  it('of different parts are paired over what they share, and that is said', () => {
    const part = exampleResult(problems.slice(0, 4), { limit: 4, questionsHash: 'of the part' });
    const paired = pairResults(english, before, part);
    assert.equal(paired.pairs.length, 4);
    assert.match(paired.notes.join(), /Only the 4 problems that both results hold .* first holds 6, the second 4/);
  });

  it('of older versions are paired by name, and that is said', () => {
    assert.match(notes({ questionsHash: '' }).join(), /matched by name alone/);
  });

  it('that were measured differently say in what', () => {
    assert.match(notes({ precision: 'balanced' }).join(), /precision exact and balanced/);
    assert.match(notes({ temperature: 1, maxTokens: 256 }).join(), /temperature 0 and 1; .*longest answer 512 and 256/);
    assert.match(notes({ samples: 4 }).join(), /answers to each problem 1 and 4/);
    assert.match(notes({ modelHash: 'other', model: '/models/big.gguf' }).join(), /models differ: tiny and big\.gguf/);
    assert.deepEqual(notes({ seed: 9, step: 6, adapter: '/runs/a' }), []);
  });
});
