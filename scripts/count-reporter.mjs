// Mocha's usual report on screen; counts, and the names of what failed, was skipped or was tried again, as JSON in the
// file that SELFQ_TEST_COUNTS names.
import mocha from 'mocha';
import { writeFileSync } from 'node:fs';

export default class CountReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    const skipped = [];
    const retried = [];
    runner.on('fail', (test, error) => failures.push(`${test.fullTitle()}: ${firstLine(error)}`));
    runner.on('retry', (test, error) => retried.push(`${test.fullTitle()}: ${firstLine(error)}`));
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      writeFileSync(
        process.env.SELFQ_TEST_COUNTS,
        JSON.stringify({ passed: this.stats.passes, failures, skipped, retried }),
      );
    });
  }
}

function firstLine(error) {
  return String(error?.message ?? error).split('\n')[0];
}
