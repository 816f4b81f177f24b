import { short } from '../charts/scale.ts';

/** A value with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${short(Math.abs(value))}`;
}
