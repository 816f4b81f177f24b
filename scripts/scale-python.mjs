// The Python with verl that the suite `scale` needs: in the cache folder, beside the project.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../bin/setup.mjs';

/** Of these verl 0.9 takes one; the first that there is. */
const candidates = ['python3.12', 'python3.11', 'python3.10'];

/**
 * The interpreter, or why there is none. `install`: make it, which fetches some 3 GB from the package index. `run`: runs a
 * command and gives its exit code.
 */
export async function scalePython(root, { install, run }) {
  const dir = join(cacheDir(), 'scale', 'venv');
  const python = join(dir, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const probe = [
    '-c',
    'import importlib.metadata as m; [m.version(n) for n in ("verl", "sqlm-verl", "torch", "pytest")]',
  ];
  if (existsSync(python) && (await run(python, probe)) === 0) {
    return { python };
  }
  if (!install) {
    return { reason: `there is no verl in ${dir}; \`npm test -- scale --install\` puts it there (6 GB).` };
  }
  mkdirSync(join(dir, '..'), { recursive: true });
  for (const candidate of candidates) {
    if ((await run(candidate, ['-m', 'venv', dir])) === 0) {
      const code = await run(python, ['-m', 'pip', 'install', '-q', '-e', `${join(root, 'scale', 'verl')}[cpu,test]`]);
      return code === 0 ? { python } : { reason: `pip could not install scale/verl (exit code ${code}).` };
    }
  }
  return { reason: `none of ${candidates.join(', ')} is installed.` };
}
