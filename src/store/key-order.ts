/** Keys are ordered by their UTF-8 bytes, as etcd orders them; JavaScript compares UTF-16 units instead. */

/** Moves surrogates above U+FFFF's last unit, which makes unit order the same as byte order. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

/** Negative, zero or positive, as `a` sorts before, with or after `b` in UTF-8. */
export const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

/** The first index of sorted `keys` whose key does not sort before `key`. */
export const lowerBound = (keys: readonly string[], key: string): number => {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
