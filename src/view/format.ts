import { english, type Translate } from './translate.ts';

/** Figures as a person reads them: the one home of formatting for the editor, its pages and the command line. */

/** A value with as many digits as a person can use: 0.536, 12.4, 1,024; a true minus sign. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  return value < 0 ? `−${magnitude(size)}` : magnitude(size);
}

function magnitude(size: number): string {
  if (size >= 1000) {
    return Math.round(size).toLocaleString('en');
  }
  if (size >= 100) {
    return size.toFixed(0);
  }
  if (size >= 10 || size === 0) {
    return trimZeros(size.toFixed(1));
  }
  return trimZeros(size >= 0.01 ? size.toFixed(3) : size.toPrecision(2));
}

function trimZeros(text: string): string {
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0{1,25}$/, '') : text;
}

/** {@link formatNumber} with its sign in front, `+` too. */
export function formatSigned(value: number): string {
  return value < 0 ? formatNumber(value) : `+${formatNumber(value)}`;
}

/** A share or reward in [0, 1] with two digits; `–` where there is none. */
export function formatShare(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(2);
}

/** Percent without digits behind the point. */
export function formatPercent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Difference of two shares in percent points with its sign: `+8`, `−3`, `0`; with one digit `+3.1`, `−0.4`, `0.0`. */
export function formatPoints(difference: number, digits: 0 | 1 = 0): string {
  const text = (100 * Math.abs(difference)).toFixed(digits);
  const sign = Number(text) === 0 ? '' : difference < 0 ? '−' : '+';
  return `${sign}${text}`;
}

/** A text of one clause as a sentence of its own: `better: +3` becomes `Better: +3.` */
export function asSentence(text: string): string {
  const ended = /[.!?。]$/.test(text) ? text : `${text}.`;
  return capitalized(ended);
}

/** With a capital letter in front. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Seconds as a person says them: `4.5 s`, `42 s`, `3 min`, `1 h 20 min`. */
export function formatDuration(seconds: number, t: Translate = english): string {
  if (seconds < 90) {
    return t('{0} s', seconds < 10 ? trimZeros(Math.max(0, seconds).toFixed(1)) : Math.round(seconds));
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return t('{0} min', minutes);
  }
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0 ? t('{0} h', hours) : t('{0} h {1} min', hours, rest);
}

/** Milliseconds: `0.1 ms`, `340 ms`, and from a second on as {@link formatDuration}. */
export function formatMilliseconds(milliseconds: number, t: Translate = english): string {
  return milliseconds < 1000 ? t('{0} ms', formatNumber(milliseconds)) : formatDuration(milliseconds / 1000, t);
}

/** Bytes as MB or GB, powers of ten as download pages count. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
