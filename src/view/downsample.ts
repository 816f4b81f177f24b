import type { Point } from './messages.ts';

/**
 * At most `limit` of the points, chosen so that the curve looks the same (largest triangle three buckets, Steinarsson
 * 2013): real points stay real, so a hover shows a true value. First and last are kept.
 */
export function downsample(points: readonly Point[], limit: number): Point[] {
  if (points.length <= limit || limit < 3) {
    return [...points];
  }
  const chosen: Point[] = [points[0]!];
  const width = (points.length - 2) / (limit - 2);
  for (let bucket = 0; bucket < limit - 2; bucket++) {
    const start = Math.floor(bucket * width) + 1;
    const end = Math.floor((bucket + 1) * width) + 1;
    const next = meanPoint(points, end, Math.min(Math.floor((bucket + 2) * width) + 1, points.length));
    chosen.push(farthest(points, start, end, chosen.at(-1)!, next));
  }
  chosen.push(points.at(-1)!);
  return chosen;
}

/** The point of [start, end) that spans the largest triangle with `left` and `right`. */
function farthest(points: readonly Point[], start: number, end: number, left: Point, right: Point): Point {
  let best = points[start]!;
  let largest = -1;
  for (let i = start; i < end; i++) {
    const [x, y] = points[i]!;
    const area = Math.abs((left[0] - right[0]) * (y - left[1]) - (left[0] - x) * (right[1] - left[1]));
    if (area > largest) {
      largest = area;
      best = points[i]!;
    }
  }
  return best;
}

function meanPoint(points: readonly Point[], start: number, end: number): Point {
  let [x, y] = [0, 0];
  for (let i = start; i < end; i++) {
    x += points[i]![0];
    y += points[i]![1];
  }
  return [x / (end - start), y / (end - start)];
}

/** Neighbours put together into at most `limit` groups of nearly equal size. */
export function groupNeighbours<T>(items: readonly T[], limit: number): T[][] {
  const groups = Math.min(items.length, limit);
  return Array.from({ length: groups }, (_, i) =>
    items.slice(Math.floor((i * items.length) / groups), Math.floor(((i + 1) * items.length) / groups)),
  );
}
