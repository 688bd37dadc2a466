import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const cases = path.join(import.meta.dirname, 'agent-cases.lua');

it.each([
  ['throwing_checker', 'a checker that throws refuses its object and stalls nothing'],
  ['schema_then_checker', 'the schema comes before the checker, as in APISIX, and both give reasons'],
  ['failing_filter', 'an object whose filter failed is not in force before everything is built anew'],
  ['reload', 'a reload voids what was noted: objects may be gone without an event'],
  ['back_in_time', 'a directory that goes back in time is noticed'],
  ['bypassed', 'an APISIX that does not call upgrade_version is noticed and polled'],
  ['opened_unseen', 'a directory that was opened unseen is found'],
  ['bounds', 'what is kept of a burst is bounded, and the rest is asked for'],
  ['reasons', 'a reason is short, printable and never quotes a key'],
  ['waits_for_all', 'a receipt waits for every worker, and is said once unless asked again'],
  ['says_again_what_did_not_arrive', 'a receipt that did not arrive is said again'],
  [
    'names_who_is_missing',
    'after a second the workers that have spoken are reported, after 30 the object is let go',
  ],
  ['newest_of_each', 'of one object the newest revision counts, whatever came last'],
  ['improper_items', 'what no node should send is ignored, and what is kept is bounded'],
])('%s: %s', (name) => {
  expect(execFileSync('luajit', [cases, root, name]).toString()).toBe('');
});
