import assert from 'node:assert/strict';
import type { JsonValue } from '../../protocol/json.ts';
import { parameterTypes, typeText } from './data-type.ts';
import { multiplyInputs } from './multiply-inputs.ts';

const distinct = (inputs: readonly JsonValue[][]): number => new Set(inputs.map((input) => JSON.stringify(input))).size;
const textOf = (inputs: readonly JsonValue[][]): string | undefined => parameterTypes(inputs)?.map(typeText).join(', ');

describe('multiplied inputs', () => {
  const cases: Readonly<Record<string, JsonValue[][]>> = {
    numbers: [[5], [12]],
    texts: [['hello world'], ['abc']],
    arrays: [[[3, 1, 2]], [[9, 4]]],
    'several arguments': [
      ['banana', 2, true],
      ['kiwi', 3, false],
    ],
    matrices: [[[[1, 2], [3, 4]]], [[[5, 6]]]], // prettier-ignore
    objects: [[{ name: 'Ann', age: 30 }], [{ name: 'Bo', age: 41 }]],
  };

  for (const [name, inputs] of Object.entries(cases)) {
    it(`of ${name} are as many as were wanted, keep the types, and begin with the given ones`, () => {
      const result = multiplyInputs(inputs, 15);
      assert.deepEqual(result.slice(0, inputs.length), inputs);
      assert.equal(distinct(result), 15);
      assert.equal(result.length, 15);
      assert.equal(textOf(result), textOf(inputs));
      assert.deepEqual(multiplyInputs(inputs, 15), result);
    });
  }

  it('are the given ones where no more are wanted, none for none, and as many as there are of a small type', () => {
    const given: JsonValue[][] = [[1], [2], [3]];
    assert.deepEqual(multiplyInputs(given, 0), given);
    assert.deepEqual(multiplyInputs(given, 3), given);
    assert.deepEqual(multiplyInputs([], 10), []);
    assert.deepEqual(multiplyInputs([[true]], 10), [[true], [false]]);
    assert.deepEqual(multiplyInputs([[null]], 10), [[null]]);
  });

  it('keep what all given inputs have in common', () => {
    for (const input of multiplyInputs(
      [
        [[1, 4, 6], 2],
        [[2, 3, 9, 12], 3],
      ],
      40,
    )) {
      // prettier-ignore
      const [list, k] = input as [number[], number];
      assert.deepEqual(
        list,
        [...new Set(list)].sort((a, b) => a - b),
        JSON.stringify(list),
      );
      assert.ok(list.length > 0 && list.every((item) => item >= 1));
      assert.ok(Number.isInteger(k) && k >= 1 && k <= list.length, `${k} of ${list.length}`);
    }
    for (const input of multiplyInputs(
      [
        [
          [1, 2],
          ['a', 'b'],
        ],
        [[3], ['c']],
      ],
      30,
    )) {
      // prettier-ignore
      const [numbers, names] = input as [number[], string[]];
      assert.equal(numbers.length, names.length);
    }
  });

  it('leave a place free where the given inputs leave it free', () => {
    const lists = multiplyInputs([[[3, -1, 3]], [[]], [[2, 0]]], 40).map(([list]) => list as number[]);
    assert.ok(lists.some((list) => list.some((item) => item < -1)));
    assert.ok(lists.some((list) => new Set(list).size < list.length));
    assert.ok(lists.some((list) => list.some((item, i) => i > 0 && item < (list[i - 1] ?? item))));
  });

  it('stay small', () => {
    const texts = multiplyInputs([['ab'], ['c']], 60).map(([text]) => text as string);
    assert.ok(texts.every((text) => text.length >= 1 && text.length <= 7));
    const numbers = multiplyInputs([[4], [10]], 20).map(([number]) => number as number);
    assert.ok(numbers.every((number) => number >= 1 && number <= 23));
  });
});
