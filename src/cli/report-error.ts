import { BoundaryError } from '../base/errors.ts';
import { codeOf } from '../base/files.ts';
import { visibleText } from '../view/visible-text.ts';
import { paint } from './terminal.ts';

/** What the system refuses and a person can mend, by its code. */
const systemRemedies: Readonly<Record<string, string>> = {
  EACCES: 'You may not do that there: choose another file or folder, or mend its permissions.',
  EPERM: 'You may not do that there: choose another file or folder, or mend its permissions.',
  EROFS: 'That place can only be read: choose a folder that you may write to.',
  ENOENT: 'Check the path.',
  ENOTDIR: 'Check the path: a part of it is a file.',
  EISDIR: 'Give the path of a file, not of a folder.',
  EEXIST: 'Something else is there already: choose another path.',
  ENAMETOOLONG: 'Choose a shorter path.',
  ELOOP: 'Its links lead in a circle: mend them.',
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'Your share of the disk is full: free some space.',
  EMFILE: 'Too many files are open: close other programs, or raise the limit (`ulimit -n`).',
  ENFILE: 'Too many files are open on this machine: close other programs.',
  EADDRINUSE: 'Another program has that port: choose another one, or leave --port away.',
  EADDRNOTAVAIL: 'This machine does not have that address: choose another --host.',
  ERR_FS_FILE_TOO_LARGE: 'The file is too large: give a smaller one, or its lines in parts.',
  ERR_STRING_TOO_LONG: 'The file is too large: give a smaller one, or its lines in parts.',
};

/**
 * What went wrong and what to do, on standard error, without a stack. What is no BoundaryError is a defect of the
 * program; its stack is shown where SELFQ_DEBUG is set.
 */
export function reportError(error: unknown): void {
  if (error instanceof BoundaryError) {
    process.stderr.write(`${paint('red', 'selfq:')} ${visibleText(error.message)}\n${visibleText(error.remedy)}\n`);
    return;
  }
  const code = codeOf(error);
  if (code !== undefined && systemRemedies[code] !== undefined) {
    const said = error instanceof Error ? error.message : code;
    process.stderr.write(`${paint('red', 'selfq:')} ${visibleText(said)}\n${systemRemedies[code]}\n`);
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
