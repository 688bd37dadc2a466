import { isWide, narrow } from '../text/binary.ts';
import { newFinding, raise } from '../rules/finding.ts';
import { judgeSentDocument } from '../rules/judge.ts';
import { SERVER_PAGE, UPLOAD_NAME } from '../rules/path-patterns.ts';
import type { Signal } from '../signal.ts';
import { withoutMargin } from '../text/text.ts';
import type { Worst } from './value.ts';
import { consider } from './value.ts';

const LESS = 60;

/** The name under which a file is sent. One such name in a request is as bad as several. */
export function judgeUploadName(worst: Worst, name: string, signals: Signal[]): void {
  if (!worst.host.match(UPLOAD_NAME, worst.host.lower(name))) return;
  for (const signal of signals) if (signal.id === 'upload_script') return;
  signals.push({ id: 'upload_script', group: 'payload', points: 75, place: 'header' });
}

/** A file is not what a server puts into a query or a page: only what would run by itself counts in it. */
export function judgeFile(worst: Worst, content: string): void {
  const finding = newFinding();
  if (worst.host.match(SERVER_PAGE, worst.host.lower(content))) raise(finding, 'upload_page', 75);
  const document = withoutMargin(isWide(content) ? narrow(content) : content);
  if (document.charCodeAt(0) === LESS) judgeSentDocument(worst.host, document, finding);
  consider(worst, finding, 'body', false);
}
