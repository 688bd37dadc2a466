/** The value below which the share `p` of the samples lies. */
export const percentile = (samples: readonly number[], p: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
};

/** One line of a report: the median and the 99th percentile, in milliseconds. */
export const summary = (name: string, samples: readonly number[]): string => {
  const cell = (value: number) => value.toFixed(2).padStart(8);
  return `${name.padEnd(58)} p50 ${cell(percentile(samples, 0.5))} ms   p99 ${cell(percentile(samples, 0.99))} ms`;
};
