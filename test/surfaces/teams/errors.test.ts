import { describe, expect, it } from 'vitest'
import { deliveryFailure, tokenWords } from '../../../src/surfaces/teams/errors.ts'
import { ConnectorRefusal, ConnectorSilence } from '../../../src/surfaces/teams/http.ts'

describe('a failed call', () => {
  it.each([
    [404, 'ActivityNotFoundInConversation', 'gone'],
    [404, 'ConversationNotFound', 'channel_unusable'],
    [404, '', 'channel_unusable'],
    [403, 'MessageWritesBlocked', 'channel_unusable'],
    [403, 'BotNotInConversationRoster', 'channel_unusable'],
    [403, 'SomethingNew', 'channel_unusable'],
    [401, '', 'locked_out'],
    [408, '', 'ambiguous'],
    [500, '', 'ambiguous'],
    [504, '', 'ambiguous'],
    [413, 'MessageSizeTooBig', 'rejected'],
    [400, 'BadSyntax', 'rejected'],
    [412, '', 'later'],
    [429, '', 'later'],
  ])('answered with %i %s is %s', (status, code, is) => {
    expect(deliveryFailure(new ConnectorRefusal(status, code, null)).is).toBe(is)
  })

  it('waits as long as Teams says, else 2 to 6 s, not all at once', () => {
    expect(deliveryFailure(new ConnectorRefusal(429, '', 9_000))).toMatchObject({ retryAfterMs: 9_000 })
    const waits = [0, 0.5, 0.99].map((random) =>
      deliveryFailure(new ConnectorRefusal(412, '', null), () => random),
    )
    expect(waits).toMatchObject([{ retryAfterMs: 2_000 }, { retryAfterMs: 4_000 }, { retryAfterMs: 5_960 }])
  })

  it('that broke off may have been heard; that never began was not', () => {
    expect(deliveryFailure(new ConnectorSilence(true, null)).is).toBe('ambiguous')
    expect(deliveryFailure(new ConnectorSilence(false, null))).toMatchObject({
      is: 'later',
      retryAfterMs: 5_000,
    })
  })

  it('that got no token sent nothing: later, unless the credentials are refused', () => {
    expect(deliveryFailure(new Error('network_error: Network request failed')).is).toBe('later')
    const refused = Object.assign(new Error('AADSTS7000215: Invalid client secret'), {
      errorCode: 'invalid_client',
    })
    expect(deliveryFailure(refused).is).toBe('locked_out')
    expect(deliveryFailure(refused).words).not.toContain('AADSTS')
  })
})

it('a password that ran out is told from one that was copied wrong', () => {
  const words = (code: string) => tokenWords(new Error(`${code}: the directory's own words`))
  expect(words('AADSTS7000222')).toContain('MICROSOFT_APP_PASSWORD has run out')
  expect(words('AADSTS7000215')).toContain('copy MICROSOFT_APP_ID')
})
