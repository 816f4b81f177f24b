import type { Context } from 'mocha';
import { integerProductsAreExact } from '../../src/runtime/devices/integer-products.ts';

/** Skips a test of integer products where they saturate: the runtime computes none there. */
export async function needIntegerProducts(test: Context): Promise<void> {
  if (!(await integerProductsAreExact())) {
    process.stderr.write('    skipped: integer products saturate on this processor\n');
    test.skip();
  }
}
