import assert from 'node:assert/strict';
import { rationalText } from './rational.ts';
import { parseValue } from './value.ts';

const textOf = (text: string): string | undefined => {
  const value = parseValue(text);
  return value && rationalText(value);
};

describe('a value', () => {
  it('is one, however it is spelt', () => {
    const spellings = {
      '7': [
        '7',
        '07',
        '7.0',
        '7.',
        '+7',
        ' 7 ',
        '(7)',
        '14/2',
        '\\frac{14}{2}',
        '\\dfrac{14}{2}',
        '7 apples',
        '$7',
        '$7.00',
      ],
      '-7': ['-7', '−7', '–7', '- 7', '-7.0', '-14/2', '-\\frac{14}{2}', '-$7'],
      '1234567': ['1234567', '1,234,567', '1{,}234{,}567', '1\\,234\\,567', '1\u202f234\u202f567', '1,234,567.00'],
      '7/2': ['7/2', '3.5', '3 1/2', '3\\frac{1}{2}', '3.50 km/h', '\\text{}3.5', '**3.5**', '$3.5$', '\\(3.5\\)'],
      '1/3': ['1/3', '\\frac13', '\\tfrac{1}{3}', '2 / 6'],
      '12': ['12 square metres', '12\\text{ cm}', '12 km/h', '= 12'],
    };
    for (const [value, texts] of Object.entries(spellings)) {
      for (const text of texts) {
        assert.equal(textOf(text), value, text);
      }
    }
  });

  it('is none where a text is not clearly one number', () => {
    const refused = [
      ...[
        '',
        'seven',
        '7 or 8',
        '7, 8',
        '7 8',
        '2*3.5',
        '3 + 4',
        '7x',
        '7e5',
        '7%',
        '7 hundred',
        '7 dozen',
        '7 remainder 2',
      ],
      ...[
        '1,23',
        '1,2345',
        '12,34,567',
        '1.2.3',
        '7/0',
        '7/2/3',
        '--7',
        '٧',
        '７',
        '0x7',
        '\\sqrt{49}',
        '7^2',
        '7!',
        'about 7',
      ],
      ...['9'.repeat(41), '9'.repeat(1_000_000), ' '.repeat(1_000_000)],
    ];
    for (const text of refused) {
      assert.equal(textOf(text), undefined, text.slice(0, 20));
    }
  });

  it('of a million characters is refused at once', () => {
    const text = '9'.repeat(1_000_000);
    const started = performance.now();
    for (let i = 0; i < 1000; i++) {
      parseValue(text);
    }
    assert.ok(performance.now() - started < 200);
  });
});
