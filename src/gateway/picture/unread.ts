import type { ParseKey } from '../stored/parse-key.ts';

/** What a key is counted under that stands in no directory of APISIX. */
const ELSEWHERE = 'other';

/**
 * Keys of APISIX's prefix that APISIX may act on and this gateway does not read, such as services and plugin
 * configurations; by directory, placeholders aside.
 */
export class UnreadKeys {
  private readonly parse: ParseKey;
  private readonly directories = new Map<string, Set<string>>();

  constructor(parse: ParseKey) {
    this.parse = parse;
  }

  get keys(): string[] {
    return [...this.directories.values()].flatMap((keys) => [...keys]);
  }

  /** How many each directory holds; those that hold none are left out. */
  get counts(): Record<string, number> {
    return Object.fromEntries([...this.directories].map(([directory, keys]) => [directory, keys.size]));
  }

  in(directory: string): ReadonlySet<string> | undefined {
    return this.directories.get(directory);
  }

  add(key: string): void {
    if (key.endsWith('/')) return;
    const directory = this.directoryOf(key);
    const keys = this.directories.get(directory) ?? new Set();
    this.directories.set(directory, keys.add(key));
  }

  delete(key: string): void {
    const directory = this.directoryOf(key);
    const keys = this.directories.get(directory);
    if (keys?.delete(key) && keys.size === 0) this.directories.delete(directory);
  }

  clear(): void {
    this.directories.clear();
  }

  /** APISIX takes a key that stands deeper for an object of the directory, too. */
  private directoryOf(key: string): string {
    for (let at = key; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const place = this.parse(at);
      if (place) return place.directory;
    }
    return ELSEWHERE;
  }
}
