import { webApi } from '@slack/bolt'
import { describe, expect, it } from 'vitest'
import { deliveryFailure } from '../../../src/surfaces/slack/errors.ts'

const refused = (error: string, more: object = {}): Error =>
  new webApi.WebAPIPlatformError({ ok: false, error, response_metadata: {}, ...more })

const broken = (code: string): Error => {
  const cause = Object.assign(new Error('connect'), { code })
  return new webApi.WebAPIRequestError(new TypeError('fetch failed', { cause }))
}

describe('a failed delivery', () => {
  it.each([
    ['message_not_found', 'gone'],
    ['cant_update_message', 'gone'],
    ['edit_window_closed', 'gone'],
    ['channel_not_found', 'channel_unusable'],
    ['not_in_channel', 'channel_unusable'],
    ['is_archived', 'channel_unusable'],
    ['restricted_action', 'channel_unusable'],
    ['ratelimited', 'later'],
    ['service_unavailable', 'later'],
    ['message_limit_exceeded', 'later'],
    ['fatal_error', 'ambiguous'],
    ['internal_error', 'ambiguous'],
    ['invalid_auth', 'locked_out'],
    ['token_revoked', 'locked_out'],
    ['missing_scope', 'locked_out'],
    ['invalid_blocks', 'rejected'],
    ['msg_too_long', 'rejected'],
    ['something_new', 'rejected'],
  ])('refused with %s is %s', (code, is) => {
    expect(deliveryFailure(refused(code)).is).toBe(is)
  })

  it.each([
    [new webApi.WebAPIRateLimitedError(30), { is: 'later', retryAfterMs: 30_000 }],
    [new webApi.WebAPIHTTPError(502, 'Bad Gateway', {}, ''), { is: 'ambiguous' }],
    [new webApi.WebAPIHTTPError(403, 'Forbidden', {}, ''), { is: 'rejected' }],
    [broken('ECONNREFUSED'), { is: 'later' }],
    [broken('ENOTFOUND'), { is: 'later' }],
    [broken('UND_ERR_CONNECT_TIMEOUT'), { is: 'later' }],
    [broken('ECONNRESET'), { is: 'ambiguous' }],
    [broken('UND_ERR_SOCKET'), { is: 'ambiguous' }],
    [new webApi.WebAPIRequestError(new DOMException('timed out', 'TimeoutError')), { is: 'ambiguous' }],
    [new Error('anything else'), { is: 'ambiguous' }],
  ])('by %s is classified by whether Slack can have it', (error, failure) => {
    expect(deliveryFailure(error)).toMatchObject(failure)
  })

  it('by several addresses that all refused the connection was never sent; by a mixture nobody knows', () => {
    const refusedOn = (code: string): Error => Object.assign(new Error('connect'), { code })
    const all = (...codes: string[]): Error =>
      new webApi.WebAPIRequestError(
        new TypeError('fetch failed', { cause: new AggregateError(codes.map(refusedOn)) }),
      )
    expect(deliveryFailure(all('ECONNREFUSED', 'ENETUNREACH')).is).toBe('later')
    expect(deliveryFailure(all('ECONNREFUSED', 'ECONNRESET')).is).toBe('ambiguous')
  })

  it('names what an admin must do, and the scope that is missing', () => {
    expect(deliveryFailure(refused('not_in_channel')).words).toContain('/invite @Baton')
    expect(deliveryFailure(refused('missing_scope', { needed: 'chat:write' })).words).toContain('chat:write')
    expect(deliveryFailure(refused('account_inactive')).words).toContain('reinstall')
  })
})
