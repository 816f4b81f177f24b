import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { readDefinition } from './definition.ts';
import { duplicateKey } from './duplicate-key.ts';
import { differingSettings, gridOf } from './grid.ts';

const valid = {
  name: 'labels',
  domain: 'arithmetic',
  settings: { operators: '*', learningRate: 1e-4 },
  variants: { agreement: { label: 'agreement' }, majority: { label: 'majority' } },
  seeds: [1, 2],
  steps: 3,
};

describe('the file of a sweep', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'selfq-sweep-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (content: string): string => {
    const path = join(folder, 'sweep.json');
    writeFileSync(path, content);
    return path;
  };
  const grid = (changes: object = {}) => gridOf(readDefinition(write(JSON.stringify({ ...valid, ...changes }))));

  it('makes every variant with the first seed, then with the next', () => {
    const runs = grid();
    assert.deepEqual(
      runs.map(({ name }) => name),
      ['labels.agreement.s1', 'labels.majority.s1', 'labels.agreement.s2', 'labels.majority.s2'],
    );
    const config: Record<string, string | number> = { ...runs[3]?.config };
    assert.deepEqual(
      ['label', 'seed', 'steps', 'learningRate'].map((name) => config[name]),
      ['majority', 2, 3, 1e-4],
    );
    assert.deepEqual(Object.fromEntries(differingSettings(runs)), valid.variants);
  });

  it('has paths that begin at its folder', () => {
    const settings = { model: './tiny', labelled: 'known.jsonl' };
    const { document, evaluate } = readDefinition(
      write(JSON.stringify({ ...valid, document: '../r.md', evaluate: [{ benchmark: 'mine.jsonl' }] })),
    );
    assert.deepEqual([document, evaluate[0]?.benchmark], [join(folder, '..', 'r.md'), join(folder, 'mine.jsonl')]);
    const [first] = grid({ settings });
    assert.deepEqual(
      [first?.config.model, first?.config.labelled],
      [join(folder, 'tiny'), join(folder, 'known.jsonl')],
    );
    assert.equal(grid({ settings: { model: 'qwen2.5-coder-1.5b' } })[0]?.config.model, 'qwen2.5-coder-1.5b');
  });

  const table: [what: string, content: string, message: RegExp][] = [
    ['text that is no JSON', '{ name:', /sweep\.json cannot be used: it is no JSON/],
    ['a missing field', JSON.stringify({ ...valid, seeds: undefined }), /seeds: /],
    ['an unknown field', JSON.stringify({ ...valid, variant: {} }), /"variant"/],
    ['no variant', JSON.stringify({ ...valid, variants: {} }), /variants: has no variant/],
    ['a name that is no folder name', JSON.stringify({ ...valid, name: '../x' }), /name: may have letters/],
    ['a variant that is no folder name', JSON.stringify({ ...valid, variants: { 'a/b': {} } }), /variants/],
    ['a seed twice', JSON.stringify({ ...valid, seeds: [1, 2, 1] }), /the seed 1 is there twice/],
    ['a variant twice', `{"variants": {"a": {}, "b": {"label": 1}, "a": {"label": 2}}}`, /"a" is there twice/],
    ['a seed among settings', JSON.stringify({ ...valid, settings: { seed: 1 } }), /settings sets seed, .*"seeds"/],
    ['steps of a variant', JSON.stringify({ ...valid, variants: { a: { steps: 1 } } }), /a sets steps/],
    [
      'an unknown setting',
      JSON.stringify({ ...valid, variants: { a: { lable: 'truth' } } }),
      /Variant a: There is no setting "lable"/,
    ],
    ['a setting of another domain', JSON.stringify({ ...valid, domain: 'coding' }), /operators is a setting of arith/],
    [
      'a value out of range',
      JSON.stringify({ ...valid, variants: { a: { label: 'guess' } } }),
      /label cannot be "guess"/,
    ],
    [
      'two variants that are equal',
      JSON.stringify({ ...valid, variants: { agreement: {}, other: { label: 'agreement' } } }),
      /The variants agreement and other of the sweep are equal/,
    ],
  ];
  for (const [what, content, message] of table) {
    it(`is refused by name for ${what}`, () => {
      const refusal = (error: unknown): boolean =>
        error instanceof BoundaryError && error.boundary === 'usage' && message.test(error.message);
      assert.throws(() => gridOf(readDefinition(write(content))), refusal);
    });
  }

  it('that is not there is named', () => {
    assert.throws(() => readDefinition(join(folder, 'none.json')), /There is no file .*none\.json/);
  });
});

describe('keys that are there twice', () => {
  it('are found where they stand in one object, whatever values look like', () => {
    assert.equal(duplicateKey('{"a": {"b": 1, "c": "b\\": {"}, "b": ["a", {"a": 1}, {"a": 2}]}'), undefined);
    assert.equal(duplicateKey('{"a": {"b": 1}, "c": {"b": [{"b": 1}], "b" : 2}}'), 'b');
    assert.equal(duplicateKey('{"a": 1, "\\u0061": 2}'), 'a');
  });
});
