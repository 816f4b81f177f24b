// Mocha's usual report on screen, and the counts as JSON in the file that SELFQ_TEST_COUNTS names.
import mocha from 'mocha';
import { writeFileSync } from 'node:fs';

export default class CountReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(
        process.env.SELFQ_TEST_COUNTS,
        JSON.stringify({ passed: passes, failed: failures, skipped: pending }),
      );
    });
  }
}
