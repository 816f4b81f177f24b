/** The element of `items` at `index`, from 0. Throws RangeError, which names the index, where there is none. */
export function at<T>(items: ArrayLike<T>, index: number): T {
  const item = items[index];
  if (item === undefined) {
    throw new RangeError(`there is no element ${index} among ${items.length}`);
  }
  return item;
}

/** The only element of `items`. Throws RangeError where there are none or several. */
export function only<T>(items: ArrayLike<T>): T {
  if (items.length !== 1) {
    throw new RangeError(`one element is expected, not ${items.length}`);
  }
  return at(items, 0);
}

/** Elements of two lists side by side. Throws RangeError where one list is longer. */
export function zip<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  if (first.length !== second.length) {
    throw new RangeError(`${first.length} elements do not match ${second.length}`);
  }
  return first.map((item, index) => [item, at(second, index)]);
}
