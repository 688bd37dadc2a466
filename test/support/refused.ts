import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode, type Part } from '../../src/contract/errors.ts';
import type { Fleet } from './control-plane.ts';
import type { CallOptions, Reply } from './http-call.ts';

/** What a refusal is to say. */
export interface Expected {
  readonly code: ErrorCode;
  readonly pointer: string;
  /** Which part of the request it is about; default the body. */
  readonly in?: Part;
}

/** One bad request and its refusal. The name says what is wrong with it. */
export interface BadRequest extends Expected, CallOptions {
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

/** A complete problem document: status, media type, code, sentence, part and pointer. */
export const expectRefused = (reply: Reply, expected: Expected): void => {
  const { code, pointer, in: part = 'body' } = expected;
  const [status] = ERRORS[code];
  expect({ status: reply.status, ...reply.body }).toMatchObject({
    status,
    code,
    in: part,
    pointer,
    type: `urn:lockstep:problem:${code}`,
  });
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.body.detail).toMatch(/\S/);
  expect(reply.body.detail).not.toMatch(/\{\w+\}|undefined|\p{Cc}/u);
  expect(reply.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
};

/** Sends it and expects the refusal, and that the store has not moved. */
export const expectNothingWritten = async (
  fleet: Fleet,
  send: () => Promise<Reply>,
  expected: Expected,
): Promise<void> => {
  await fleet.quiet();
  const before = await fleet.revision();
  expectRefused(await send(), expected);
  expect(await fleet.revision()).toBe(before);
};

/** One test a row: the request gets exactly its refusal, and nothing is written. */
export const describeRefusals = (title: string, fleet: () => Fleet, rows: readonly BadRequest[]): void => {
  describe(title, () => {
    for (const { name, method, path, code, pointer, in: part = 'body', ...call } of rows) {
      test(`${name} is refused as ${code}`, () =>
        expectNothingWritten(fleet(), () => fleet().call(method, path, call), { code, pointer, in: part }));
    }
  });
};
