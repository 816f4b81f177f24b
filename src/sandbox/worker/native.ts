import { createRequire } from 'node:module';
import type IsolatedVm from 'isolated-vm';

/** isolated-vm, from the file that the pool names (launch.ts): a worker may not look around for it. */
export const ivm = createRequire(import.meta.url)(process.argv[2] ?? 'isolated-vm') as typeof IsolatedVm;
