import { describe, expect, it } from 'vitest'
import {
  errorWords,
  failureOfCall,
  failureOfStatus,
  retryAfterMs,
} from '../../../src/connectors/http/failure.ts'

describe('a system’s own words', () => {
  it.each([
    { body: { message: 'Order is closed' }, words: 'Order is closed' },
    { body: { error: 'Order is closed' }, words: 'Order is closed' },
    { body: { error: { type: 'UserError', message: 'Order is closed' } }, words: 'Order is closed' },
    {
      body: { errors: [{ field: 'x', message: 'Order is closed' }, { message: 'other' }] },
      words: 'Order is closed',
    },
    { body: { errors: ['Order is closed'] }, words: 'Order is closed' },
    { body: { title: 'Conflict', detail: 'Order is closed' }, words: 'Order is closed' },
    { body: 'Order is closed', words: 'Order is closed' },
    { body: { message: '  Order\n is\tclosed ' }, words: 'Order is closed' },
    { body: { message: 'x'.repeat(1000) }, words: 'x'.repeat(300) },
  ])('are found in $body', ({ body, words }) => {
    expect(errorWords(body)).toBe(words)
  })

  it.each([undefined, null, 42, {}, [], { message: '' }, { code: 'E1' }])('are not made up: %j', (body) => {
    expect(errorWords(body)).toBeUndefined()
  })
})

describe('Retry-After', () => {
  const now = new Date('2026-03-02T08:00:00Z')
  it.each([
    { header: '7', ms: 7_000 },
    { header: 'Mon, 02 Mar 2026 08:00:30 GMT', ms: 30_000 },
    { header: 'Mon, 02 Mar 2026 07:00:00 GMT', ms: 0 },
    { header: '99999999', ms: 3_600_000 },
    { header: 'soon', ms: undefined },
    { header: null, ms: undefined },
  ])('$header is $ms ms', ({ header, ms }) => {
    expect(retryAfterMs(header, now)).toBe(ms)
  })
})

describe('a redirect', () => {
  it('is named without what may be a value or a token', () => {
    const answer = {
      status: 302,
      retryAfter: null,
      location: 'https://sso.example/in?code=s3cret',
      body: null,
    }
    const { failure, message } = failureOfStatus('erp', 'change', answer, new Date())
    expect(failure).toBe('misconfigured')
    expect(message).toContain('https://sso.example/in ')
    expect(message).not.toContain('s3cret')
  })
})

describe('a call without an answer', () => {
  const failed = (code: string, more: object = {}) =>
    Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code, ...more }) })

  it.each([
    { code: 'ECONNREFUSED', change: 'unreachable' },
    { code: 'ENOTFOUND', change: 'unreachable' },
    { code: 'EAI_AGAIN', change: 'unreachable' },
    { code: 'UND_ERR_CONNECT_TIMEOUT', change: 'unreachable' },
    { code: 'ECONNRESET', change: 'ambiguous' },
    { code: 'EPIPE', change: 'ambiguous' },
    { code: 'UND_ERR_SOCKET', change: 'ambiguous' },
    { code: 'UND_ERR_HEADERS_TIMEOUT', change: 'ambiguous' },
    { code: 'ETIMEDOUT', change: 'ambiguous' },
    { code: 'WHO_KNOWS', change: 'ambiguous' },
    { code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', change: 'ambiguous' },
    { code: 'UND_ERR_INVALID_ARG', change: 'misconfigured' },
    { code: 'ERR_SSL_WRONG_VERSION_NUMBER', change: 'misconfigured' },
    { code: 'CERT_HAS_EXPIRED', change: 'misconfigured' },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', change: 'misconfigured' },
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', change: 'misconfigured' },
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', change: 'misconfigured' },
  ])('$code leaves a change $change', ({ code, change }) => {
    expect(failureOfCall('erp', 'change', failed(code), 'error').failure).toBe(change)
    const read = failureOfCall('erp', 'read', failed(code), 'error').failure
    expect(read).toBe(change === 'ambiguous' ? 'unreachable' : change)
  })

  it.each(['EHOSTUNREACH', 'ENETUNREACH'])('%s on a connection that stood leaves a change open', (code) => {
    const error = failed(code, { syscall: 'read' })
    expect(failureOfCall('erp', 'change', error, 'error').failure).toBe('ambiguous')
  })

  it('a connection that could not be made in time was never used', () => {
    const error = failed('ETIMEDOUT', { syscall: 'connect' })
    expect(failureOfCall('erp', 'change', error, 'error').failure).toBe('unreachable')
  })
})
