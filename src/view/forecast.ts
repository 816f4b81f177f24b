import { formatBytes, formatDuration } from './format.ts';
import type { Translate } from './translate.ts';

/** Of an estimate what is told. */
interface Estimated {
  /** Of the whole run. */
  seconds: number;
  /** Steps that were measured. */
  measured: number;
  otherDomain?: string;
}

/** How long a run will take, and what that is known from; honest where nothing was measured. */
export function timeText(t: Translate, time: Estimated | undefined): string {
  if (!time) {
    return t('No measurement of this machine with this model yet: the first step will tell how long it takes.');
  }
  const about = t('About {0}', formatDuration(time.seconds, t));
  const basis =
    time.otherDomain === undefined
      ? t('by {0} steps measured on this machine', time.measured)
      : t('by {0} steps of {1} measured on this machine', time.measured, time.otherDomain);
  return `${about}, ${basis}.`;
}

/** Memory in bytes: what a run needs, and what is free. */
export function memoryText(t: Translate, needed: number, available: number): string {
  return t('About {0} of memory; {1} are free.', formatBytes(needed), formatBytes(available));
}
