import assert from 'node:assert/strict';
import fc from 'fast-check';
import { extractCode } from './extract.ts';

describe('code in a completion', () => {
  const cases: [name: string, completion: string, source: string | undefined, language?: string][] = [
    ['the last fenced block', 'First:\n```js\nlet a;\n```\nBetter:\n```js\nlet b;\n```\nDone.', 'let b;'],
    ['a block without a tag', '```\nlet a;\n```', 'let a;'],
    ['TypeScript by its tag', '```ts\nlet a: number;\n```', 'let a: number;', 'typescript'],
    ['no block of another language', '```js\nlet a;\n```\nOutput:\n```text\n42\n```\n```json\n{}\n```', 'let a;'],
    ['no empty block', '```js\nlet a;\n```\n```js\n\n```', 'let a;'],
    ['a block that is cut off', 'Sure!\n```javascript\nfunction f() {\n  return 1;', 'function f() {\n  return 1;'],
    ['a longer fence that holds a shorter one', '````js\nconst s = `\n```\n`;\n````', 'const s = `\n```\n`;'],
    ['tildes', '~~~js\nlet a;\n~~~', 'let a;'],
    ['bare code', 'function f() { return 1; }', 'function f() { return 1; }'],
    ['bare code with an export', 'export const f = () => 1;', 'export const f = () => 1;'],
    ['no prose', 'I cannot solve this problem (sorry).', undefined],
    ['no single word', 'hello', undefined],
    ['nothing in nothing', '', undefined],
    ['no block tagged with a name of Object.prototype', '```constructor\nlet a;\n```', undefined],
  ];
  for (const [name, completion, source, language = 'javascript'] of cases) {
    it(`is ${name}`, () => {
      assert.deepEqual(extractCode(completion), source === undefined ? undefined : { source, language });
    });
  }

  const python: [name: string, completion: string, source: string | undefined][] = [
    [
      'the last block of Python',
      '```python\ndef a(): pass\n```\n```py\ndef b(): pass\n```\n```js\nlet c;\n```',
      'def b(): pass',
    ],
    ['a block that is cut off', '```python\ndef a():\n    return 1', 'def a():\n    return 1'],
    ['bare Python', 'import math\n\ndef a(): return math.pi', 'import math\n\ndef a(): return math.pi'],
    ['no prose', 'I would define a function.', undefined],
  ];
  for (const [name, completion, source] of python) {
    it(`where Python is wanted is ${name}`, () => {
      const expected = source === undefined ? undefined : { source, language: 'python' };
      assert.deepEqual(extractCode(completion, 'python'), expected);
    });
  }

  it('comes out of any fence as it went in', () => {
    const line = fc.stringMatching(/^[ -_a-z{}|~]{0,30}$/).filter((text) => !/^ {0,3}(?:```|~~~)/.test(text));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.string(), (lines, before) => {
        const source = lines.join('\n');
        fc.pre(source.trim() !== '' && !/```|~~~/.test(before));
        assert.equal(extractCode(`${before}\n\`\`\`js\n${source}\n\`\`\`\nafter`)?.source, source);
      }),
    );
  });
});
