import assert from 'node:assert/strict';
import { choice, defaultsOf, integer, parseSetting, pickSettings, real, text, type SettingTable } from './setting.ts';

const table = {
  rows: { kind: integer(1, 64), unit: 'rows', description: 'Rows.', default: { quick: 2, paper: 8 } },
  rate: { kind: real(0, 1), description: 'Rate.', default: 0.5 },
  mode: { kind: choice('on', 'off'), description: 'Mode.', default: 'on' },
  note: { kind: text, description: 'Note.', default: '' },
} as const satisfies SettingTable;

describe('a setting', () => {
  it('is read from text as its kind says', () => {
    assert.equal(parseSetting('rows', table.rows, '12'), 12);
    assert.equal(parseSetting('rate', table.rate, '3e-5'), 3e-5);
    assert.equal(parseSetting('mode', table.mode, 'off'), 'off');
    assert.equal(parseSetting('note', table.note, 7), '7');
  });

  it('is refused by name with its range and unit, or its choices', () => {
    const refused = (name: keyof typeof table, value: string | number, remedy: RegExp) =>
      assert.throws(() => parseSetting(name, table[name], value), {
        boundary: 'usage',
        message: `${name} cannot be "${value}".`,
        remedy,
      });
    refused('rows', 0, /whole number from 1 to 64 \(rows\)/);
    refused('rows', '65', /whole number/);
    refused('rows', '2.5', /whole number/);
    refused('rate', 1.01, /a number from 0 to 1\.$/);
    refused('rate', '', /a number/);
    refused('rate', 'NaN', /a number/);
    refused('mode', 'auto', /Choose one of on, off\./);
  });

  it('has the default of quick in presets that it does not name', () => {
    assert.deepEqual(defaultsOf(table, 'quick'), { rows: 2, rate: 0.5, mode: 'on', note: '' });
    assert.equal(defaultsOf(table, 'laptop').rows, 2);
    assert.equal(defaultsOf(table, 'paper').rows, 8);
  });

  it('is picked by its table out of more', () => {
    const more = { ...defaultsOf(table, 'quick'), other: 1 };
    assert.deepEqual(pickSettings(table, more), defaultsOf(table, 'quick'));
  });
});
