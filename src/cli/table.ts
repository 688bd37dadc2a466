/** Rows under a head, in columns as wide as they need to be. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(width[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
};
