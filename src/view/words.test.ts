import assert from 'node:assert/strict';
import { importReasons } from '../protocol/imports.ts';
import { rejectionReasons } from '../protocol/question.ts';
import {
  asSentence,
  formatBytes,
  formatDuration,
  formatMilliseconds,
  formatNumber,
  formatPoints,
  formatShare,
  formatSigned,
} from './format.ts';
import { runName } from './default-name.ts';
import { modelWord } from './run-name.ts';
import { exampleRun } from './example-records.ts';
import { english, fill } from './translate.ts';
import { domainDescription, domainWord, importReasonWord, reasonWord } from './words.ts';

describe('words for codes', () => {
  it('exist for every reason of rejection, and none shows its code', () => {
    const words = rejectionReasons.map((reason) => reasonWord(english, reason));
    assert.equal(new Set(words).size, rejectionReasons.length);
    assert.deepEqual(words.filter((word) => word.includes('_')), []); // prettier-ignore
  });

  it('exist for every reason why a row is left out of an import, and differ', () => {
    const words = importReasons.map((reason) => importReasonWord(english, reason));
    assert.equal(new Set(words).size, importReasons.length);
    assert.deepEqual(words.filter((word) => word.includes('_')), []); // prettier-ignore
  });

  it('read the reasons of older runs: the same ones written otherwise, and unknown ones with spaces', () => {
    assert.equal(reasonWord(english, 'near-duplicate'), 'near-duplicate');
    assert.equal(reasonWord(english, 'nearDuplicate'), 'near-duplicate');
    assert.equal(reasonWord(english, 'tooManyVowels'), 'too many vowels');
    assert.equal(reasonWord(english, 'constructor'), 'constructor');
  });

  it('call a domain that is not ours by its name, without a description', () => {
    assert.equal(domainWord(english, 'chess'), 'Chess');
    assert.equal(domainDescription(english, 'chess'), undefined);
  });

  it('are filled in wherever a language puts the places', () => {
    assert.equal(fill('{1} of {0}', ['a', 'b']), 'b of a');
    assert.equal(fill('{0}{2}', ['x']), 'x');
  });
});

describe('figures', () => {
  it('have as many digits as a person can use, and a true minus sign', () => {
    assert.deepEqual([0.5361, 12.34, 9396, 0, 0.001, -1.25].map(formatNumber), ['0.536', '12.3', '9,396', '0', '0.001', '−1.25']); // prettier-ignore
    assert.deepEqual([0.5, -0.536, 0].map(formatSigned), ['+0.5', '−0.536', '+0']);
    assert.deepEqual(
      [0.04, -0.083, 0.001].map((share) => formatPoints(share)),
      ['+4', '−8', '0'],
    );
    assert.deepEqual(
      [0.031, -0.004, 0.0001].map((share) => formatPoints(share, 1)),
      ['+3.1', '−0.4', '0.0'],
    );
    assert.deepEqual(['better: +3', 'done.'].map(asSentence), ['Better: +3.', 'Done.']);
    assert.deepEqual([0.5, null, undefined].map(formatShare), ['0.50', '–', '–']);
  });

  it('say durations as a person does', () => {
    const said = [0.44, 4, 89, 100, 3_599, 3_600, 4_800].map((seconds) => formatDuration(seconds));
    assert.deepEqual(said, ['0.4 s', '4 s', '89 s', '2 min', '1 h', '1 h', '1 h 20 min']);
  });

  it('say milliseconds as such below a second, and longer times as durations', () => {
    const said = [0.12, 340, 9_396, 120_000].map((time) => formatMilliseconds(time));
    assert.deepEqual(said, ['0.12 ms', '340 ms', '9.4 s', '2 min']);
  });

  it('count bytes in powers of ten', () => {
    assert.deepEqual([491e6, 1.12e9].map(formatBytes), ['491 MB', '1.1 GB']);
  });
});

describe('the name of a run', () => {
  it('calls a model by its name, of a path by the last part', () => {
    const models = ['qwen2.5-coder-0.5b', 'someone/tiny', '/models/tiny.gguf', 'C:\\models\\tiny'];
    assert.deepEqual(models.map(modelWord), ['qwen2.5-coder-0.5b', 'someone/tiny', 'tiny.gguf', 'tiny']);
  });

  it('names the model of a run where it is not the default one', () => {
    const config = { domain: 'coding', topic: 'arrays', model: '/models/own.gguf' };
    assert.match(runName(english, exampleRun({ config }), 'en'), /^Coding · arrays · own\.gguf · /);
  });

  it('names a run so that two of one domain and topic are told apart', () => {
    const [one, other] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'].map((createdAt) =>
      runName(english, exampleRun({ createdAt }), 'en'),
    );
    assert.match(one ?? '', /^Coding · arrays · /);
    assert.notEqual(one, other);
  });
});
