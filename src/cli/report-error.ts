import { BoundaryError } from '../base/errors.ts';
import { visibleText } from '../view/visible-text.ts';
import { paint } from './terminal.ts';

/**
 * What went wrong and what to do, on standard error, without a stack. What is no BoundaryError is a defect of the
 * program; its stack is shown where SELFQ_DEBUG is set.
 */
export function reportError(error: unknown): void {
  if (error instanceof BoundaryError) {
    process.stderr.write(`${paint('red', 'selfq:')} ${visibleText(error.message)}\n${visibleText(error.remedy)}\n`);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${paint('red', 'selfq:')} unexpected error: ${visibleText(message)}\n`);
  if (process.env['SELFQ_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
    return;
  }
  process.stderr.write('This is a defect of the program. Set SELFQ_DEBUG=1 to see where it happened.\n');
}
