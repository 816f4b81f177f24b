import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { inspector } from './inspect.ts';

const own = inspector();

/** What `run` gives, or throws: both sides may refuse a value. */
function attempt(run: () => string): string {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}

describe('the layout of console.log', () => {
  it("is Node's for numbers, texts and lists of any length", () => {
    const item = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(fc.array(fc.oneof(item, fc.array(item, { maxLength: 9 })), { maxLength: 120 }), (value) => {
        assert.equal(own.inspect(value), inspect(value));
      }),
    );
  });

  it("is Node's for nested objects, maps and sets", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('list'), tie('record'), tie('map'), tie('set')),
      leaf: fc.oneof(fc.integer(), fc.stringMatching(/^[a-z '"]{0,20}$/), fc.bigInt(), fc.constant(undefined)),
      list: fc.array(tie('value'), { maxLength: 8 }),
      record: fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), tie('value'), { maxKeys: 6, noNullPrototype: true }),
      map: fc.array(fc.tuple(tie('leaf'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
      set: fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
    }));
    fc.assert(
      fc.property(value, (sample) => {
        assert.equal(own.inspect(sample), inspect(sample));
      }),
    );
  });

  it("fills format marks as Node's does", () => {
    const mark = fc.constantFrom('%s', '%d', '%i', '%f', '%j', '%%', ' text ', '%c', '%x');
    const part = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.stringMatching(/^[a-z0-9. ]{0,6}$/),
      fc.bigInt(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 6 }), fc.array(part, { maxLength: 6 }), (marks, parts) => {
        const template = marks.join('');
        assert.equal(
          attempt(() => own.format(template, ...parts)),
          attempt(() => format(template, ...parts)),
        );
      }),
    );
  });
});
