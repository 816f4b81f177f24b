import assert from 'node:assert/strict';
import type { Evaluation } from '../protocol/records.ts';
import { exampleEvaluation } from '../view/example-records.ts';
import { baseFor, resultOfFile, secondsFor, type StoredResult } from './stored-results.ts';

describe('the result before training', () => {
  const stored = (evaluation: Evaluation): StoredResult => ({ evaluation, path: '/a.json' });
  const base = (changes: Partial<Evaluation> = {}): StoredResult => stored({ ...exampleEvaluation(0, 3), ...changes });
  const after = stored(exampleEvaluation(6, 4));

  it('is the latest of the same model on the same problems, measured in the same way', () => {
    const others = [
      base({ modelHash: 'other' }),
      base({ split: 'test' }),
      base({ questionsHash: 'other' }),
      base({ precision: 'another' }),
      base({ samples: 4 }),
    ];
    assert.equal(baseFor(after, others), undefined);
    const earlier = base({ time: '2026-01-01T00:00:00.000Z' });
    const later = base({ time: '2026-01-02T00:00:00.000Z' });
    assert.equal(baseFor(after, [...others, later, earlier, after]), later);
    assert.equal(baseFor(earlier, [later, earlier]), undefined);
  });
});

describe('how long an evaluation will take', () => {
  const made = (changes: Partial<Evaluation>): StoredResult => ({
    path: '/a.json',
    evaluation: { ...exampleEvaluation(0, 3), samples: 1, total: 10, domain: 'coding', model: 'small', ...changes },
  });
  const asked = { model: '/models/small', domain: 'coding', questions: 200 };

  it('follows from the latest results of the model, those on the domain before others', () => {
    const results = [made({ seconds: 30 }), made({ seconds: 200, samples: 4 }), made({ seconds: 900, domain: 'algebra' })]; // prettier-ignore
    assert.equal(secondsFor(asked, results), 200 * 4);
    assert.equal(secondsFor({ ...asked, domain: 'arithmetic' }, results.slice(2)), 200 * 90);
  });

  it('is not known without a result of the model', () => {
    assert.equal(secondsFor(asked, [made({ model: 'large' }), made({ total: 0 })]), undefined);
  });
});

describe('a result that was asked for', () => {
  it('is called by the run of its adapter, and not by one whose name begins alike', () => {
    const services = { store: { runs: [{ dir: '/runs/a', name: 'a' }, { dir: '/runs/ab', name: 'ab' }] } }; // prettier-ignore
    const evaluation = { ...exampleEvaluation(6, 4), adapter: '/runs/ab/checkpoints/000006' };
    assert.equal(resultOfFile(services, '/a.json', evaluation).name, 'ab');
  });
});
