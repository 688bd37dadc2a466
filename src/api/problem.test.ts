import { describe, expect, test } from 'vitest';
import { Type } from '@sinclair/typebox';
import { message } from '../contract/message.ts';
import { Refusal } from '../contract/errors.ts';
import { compile } from '../contract/validator.ts';
import { asRefusal, languageOf, problemBody } from './problem.ts';

describe('the language of an answer', () => {
  test.each([
    [undefined, 'zh'],
    ['', 'zh'],
    ['*', 'zh'],
    ['zh', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en', 'en'],
    ['EN-gb', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['en;q=0.5,zh;q=0.8', 'zh'],
    ['zh;q=0.5, en;q=0.8', 'en'],
    ['fr, de;q=0.9, en;q=0.1', 'en'],
    ['fr', 'zh'],
    ['en;q=0', 'zh'],
    ['zh;q=0,en', 'en'],
    ['en;level=1;q=0.9', 'en'],
    ['english', 'zh'],
    [';;;,,q=1', 'zh'],
    ['en;q=.', 'zh'],
    ['en'.repeat(5_000), 'zh'],
  ])('for Accept-Language %j is %s', (header, language) => expect(languageOf(header)).toBe(language));
});

describe('an error as a refusal', () => {
  const fastify = (code: string) => Object.assign(new Error('of Fastify'), { code });

  test.each([
    [fastify('FST_ERR_CTP_BODY_TOO_LARGE'), { code: 'body_too_large', params: { max: 7 } }],
    [
      fastify('FST_ERR_CTP_INVALID_MEDIA_TYPE'),
      { code: 'unsupported_media_type', part: 'header', pointer: '/content-type' },
    ],
    [
      fastify('FST_ERR_CTP_INVALID_CONTENT_LENGTH'),
      { code: 'malformed_request', part: 'header', pointer: '/content-length' },
    ],
    [fastify('FST_ERR_BAD_URL'), { code: 'not_found', part: 'path' }],
    [fastify('FST_ERR_SOMETHING_NEW'), { code: 'internal' }],
    [new TypeError('a bug'), { code: 'internal' }],
    ['a thrown text', { code: 'internal' }],
    [new Refusal('busy'), { code: 'busy' }],
  ])('%s', (error, expected) => expect(asRefusal(error, 7)).toMatchObject(expected));

  test('that nobody foresaw shows nothing of itself', () => {
    const refusal = asRefusal(new Error('secret of /etc/passwd'), 7);
    expect(JSON.stringify(problemBody(refusal, 'en', 'id'))).not.toContain('secret');
    expect(refusal.cause).toBeInstanceOf(Error);
  });

  test.each([
    ['body', 'body'],
    ['querystring', 'query'],
    ['params', 'path'],
    ['headers', 'header'],
  ])('of a validation of %s is about the %s', (validationContext, part) => {
    const validate = compile(Type.Object({ n: Type.Integer() }));
    validate({ n: 'x' });
    const error = Object.assign(new Error('invalid'), { validation: validate.errors, validationContext });
    expect(asRefusal(error, 7)).toMatchObject({ code: 'invalid_value', part, pointer: '/n' });
  });
});

test('a problem document has its type, title, status, code, sentence, place, request and extras', () => {
  const refusal = new Refusal('precondition_failed', {
    in: 'header',
    pointer: '/if-match',
    params: { etag: '"3-7"' },
    extra: { etag: '"3-7"' },
  });
  expect(problemBody(refusal, 'zh', 'the-request')).toEqual({
    type: 'urn:lockstep:problem:precondition_failed',
    title: 'precondition failed',
    status: 412,
    code: 'precondition_failed',
    detail: '对象已被修改，当前 ETag 为 "3-7"',
    in: 'header',
    pointer: '/if-match',
    request_id: 'the-request',
    etag: '"3-7"',
  });
});

test('a message names its object, also one that looks like a pattern', () => {
  expect(message('route_created', 'zh', '$&')).toBe('路由 $& 已创建');
  expect(message('route_created', 'en', 'r')).toBe('Route r has been created');
});
