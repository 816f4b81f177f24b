/** Figures as a person reads them. */

/** A share or reward in [0, 1], two digits. */
export function formatShare(value: number): string {
  return value.toFixed(2);
}

/** Percent without digits behind the point. */
export function formatPercent(value: number): string {
  return `${Math.round(100 * value)} %`;
}

/** Seconds as `12 s`, `3 min`, `1 h 20 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Bytes as MB or GB, powers of ten as download pages count. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
