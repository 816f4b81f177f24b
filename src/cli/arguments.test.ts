import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { parseArguments } from './arguments.ts';
import { commands } from './commands.ts';

const options = {
  steps: { value: 'N', description: '' },
  set: { value: 'KEY=VALUE', multiple: true, description: '' },
  json: { description: '' },
};

function remedyOf(args: string[]): string {
  try {
    parseArguments(args, options, 1);
  } catch (error) {
    assert.ok(error instanceof BoundaryError && error.boundary === 'usage');
    return error.remedy;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

describe('arguments of a command', () => {
  it('are read by name, switches and repetitions too', () => {
    const args = parseArguments(['DIR', '--steps', '3', '--set', 'a=1', '--set', 'b=2', '--json'], options, 1);
    assert.deepEqual(args.positionals, ['DIR']);
    assert.equal(args.integer('steps', 1), 3);
    assert.deepEqual(args.texts('set'), ['a=1', 'b=2']);
    assert.equal(args.has('json'), true);
    assert.equal(args.text('out'), undefined);
  });

  it('suggest the nearest option for a mistyped one', () => {
    assert.match(remedyOf(['--stesp', '3']), /--steps/);
    assert.match(remedyOf(['--jsn']), /--json/);
  });

  it('refuse what is no whole number in range', () => {
    for (const value of ['0', '-1', '1.5', 'x', '']) {
      const args = parseArguments([`--steps=${value}`], options, 0);
      assert.throws(() => args.integer('steps', 1), BoundaryError, value);
    }
  });

  it('suggest no name that is nothing like it', () => {
    assert.equal(nearestName('rnu', Object.keys(commands)), 'run');
    assert.equal(nearestName('xyzzyx', Object.keys(commands)), undefined);
  });
});

describe('the table of commands', () => {
  for (const [name, command] of Object.entries(commands)) {
    it(`has an implementation of ${name}`, async () => {
      assert.equal(typeof (await command.load()), 'function');
    });
  }
});
