import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: ((options: Record<string, string>) => void) | undefined;

/**
 * Gives the memory of dead objects back to the system. The collector waits for its heap to fill, since it does not know
 * how scarce memory is outside of it: what the making of a graph leaves behind is some 100 MB.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as (options: Record<string, string>) => void;
  }
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
