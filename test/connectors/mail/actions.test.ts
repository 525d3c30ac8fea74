import { afterEach, describe, expect, it } from 'vitest'
import type { ActionInput, RoutingAction } from '../../../src/app/connector.ts'
import { mailConfig } from '../../../src/connectors/mail/config.ts'
import { createMailConnector } from '../../../src/connectors/mail/index.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import { OWN } from '../../support/mail/certificate.ts'
import {
  type MailBox,
  type Manners,
  type Moment,
  startBadServer,
  startMailServer,
} from '../../support/mail/server.ts'
import { heldOrder, lostParcel } from '../../support/mail/subjects.ts'

const NOW = new Date('2026-11-23T06:00:00Z')
const DAY = 86_400_000
const DESKS = {
  carrier: { to: 'trace@carrier.example', answerWithin: '3d' },
  supplier: { to: 'orders@supplier.example' },
  customer: {},
}

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()))
})
const serve = async (manners: Manners = {}): Promise<MailBox> => {
  const server = await startMailServer(manners)
  opened.push(server)
  return server
}
const misbehave = async (at: Moment, does: 'hang' | 'cut' | { says: string }) => {
  const server = await startBadServer(at, does)
  opened.push(server)
  return server
}

const connect = (url: string, settings: object = {}) =>
  createMailConnector(
    {
      ...mailConfig.parse({
        url,
        from: 'desk@shop.example',
        fromName: 'Example Shop',
        desks: DESKS,
        requireTls: false,
        timeoutMs: 400,
        ...settings,
      }),
      name: 'letters',
    },
    { now: () => NOW },
  )

/** An action aimed at a subject, with what its card would start with and what the person typed over it. */
const aimed = (
  url: string,
  id: string,
  subject: SubjectView,
  typed: Record<string, string> = {},
  settings: object = {},
): { action: RoutingAction; input: ActionInput } => {
  const action = connect(url, settings).actions.find((candidate) => candidate.id === id)
  const target = action?.target(subject)
  if (!action || !target || 'unavailable' in target) throw new Error(`${id}: ${JSON.stringify(target)}`)
  const drafted = (action.inputs?.(subject) ?? []).flatMap((input) =>
    input.kind === 'text' && input.initial !== undefined ? [[input.id, input.initial]] : [],
  )
  const values = { ...Object.fromEntries(drafted), ...typed }
  return { action, input: { target, values, signal: AbortSignal.timeout(5_000) } }
}
const failureOf = (acting: Promise<unknown>) =>
  acting.then(
    () => {
      throw new Error('It went well')
    },
    (error: unknown) => error,
  )

describe('a request by mail', () => {
  it('goes to its desk as one plain message, and waits for an answer as long as the desk may take', async () => {
    const box = await serve()
    const { action, input } = aimed(box.url, 'open_trace', lostParcel())
    const before = await action.read(input)
    expect(action.precondition(input, before)).toEqual({ is: 'ready' })
    expect(await action.act(input, 'key-1')).toEqual({
      is: 'requested',
      words: 'Mailed to trace@carrier.example.',
      until: new Date(NOW.getTime() + 3 * DAY),
    })
    expect(box.mails).toHaveLength(1)
    const [mail] = box.mails
    expect(mail).toMatchObject({ from: 'desk@shop.example', to: ['trace@carrier.example'] })
    const [head = '', body = ''] = (mail?.raw ?? '').split('\r\n\r\n', 2)
    expect(head).toContain('From: Example Shop <desk@shop.example>')
    expect(head).toContain('To: trace@carrier.example')
    expect(head).toContain('Subject: Please trace parcel 1Z999')
    expect(head).toContain('Content-Type: text/plain; charset=utf-8')
    expect(head).toContain('Date: Mon, 23 Nov 2026 06:00:00 +0000')
    expect(body).toContain('Hello,')
  })

  it('says what the person wrote over the draft', async () => {
    const box = await serve()
    const typed = { subject: 'Où est le colis 1Z999 ?', text: 'Bonjour,\n.\nmerci — à bientôt' }
    const { action, input } = aimed(box.url, 'open_trace', lostParcel(), typed)
    await action.act(input, 'key')
    const [head = '', body = ''] = (box.mails[0]?.raw ?? '').split('\r\n\r\n', 2)
    expect(head).toMatch(/Subject: =\?UTF-8\?/)
    expect(body.replace(/=\r\n/g, '')).toContain('Bonjour,\r\n.\r\nmerci =E2=80=94 =C3=A0 bient=C3=B4t')
  })

  it('has one id for one run, so that a mailbox knows a second copy', async () => {
    const box = await serve()
    const { action, input } = aimed(box.url, 'open_trace', lostParcel())
    for (const key of ['one', 'one', 'two']) await action.act(input, key)
    const ids = box.mails.map(
      ({ raw }) => /^Message-ID: (<baton\.[0-9a-f]{32}@shop\.example>)$/m.exec(raw)?.[1],
    )
    expect(ids[0]).toBeDefined()
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
  })

  it('cannot be read back, and never claims that anything has changed', async () => {
    const { action, input } = aimed('smtp://127.0.0.1:1', 'open_trace', lostParcel())
    const seen = await action.read(input)
    expect(seen).toMatchObject({ facts: [], snapshot: null })
    expect(action.compare(input, seen, seen).is).toBe('unchanged')
    expect([action.kind, action.idempotent]).toEqual(['request', false])
  })

  it('goes where the admin sends this kind of request, and waits as long as is said for it', async () => {
    const box = await serve()
    const actions = { file_claim: { to: 'claims@carrier.example', answerWithin: '14d' } }
    const { action, input } = aimed(box.url, 'file_claim', lostParcel(), {}, { actions })
    expect(await action.act(input, 'key')).toMatchObject({ until: new Date(NOW.getTime() + 14 * DAY) })
    expect(box.mails[0]?.to).toEqual(['claims@carrier.example'])
  })
})

describe('what a person typed', () => {
  const VICTIM = 'other@victim.example'
  it.each([
    ['a line break in the subject', { subject: `Hello\r\nBcc: ${VICTIM}` }],
    ['another kind of line break', { subject: `Hello\u2028Bcc: ${VICTIM}` }],
    ['an empty subject', { subject: '  ' }],
    ['an empty message', { text: ' \n ' }],
    ['no address', { private_to: '' }],
    ['two addresses', { private_to: `jo@example.com, ${VICTIM}` }],
    ['an address with a name', { private_to: `Jo <${VICTIM}>` }],
    ['an address with a line break', { private_to: `jo@example.com\r\nRCPT TO:<${VICTIM}>` }],
    ['an address without a domain', { private_to: 'jo@localhost' }],
    ['an address that is too long', { private_to: `${'a'.repeat(250)}@example.com` }],
  ])('is refused before anything is sent: %s', async (_what, wrong) => {
    const box = await serve()
    const typed = { private_to: 'jo@example.com', ...wrong }
    const { action, input } = aimed(box.url, 'ask_customer', heldOrder(), typed)
    expect(action.precondition(input, await action.read(input)).is).toBe('impossible')
    expect(await failureOf(action.act(input, 'key'))).toMatchObject({ failure: 'refused' })
    expect(box.mails).toEqual([])
  })

  it('goes to the customer whose address was typed, and names it nowhere', async () => {
    const box = await serve()
    const typed = { private_to: ' jo@example.com ' }
    const { action, input } = aimed(box.url, 'notify_customer', heldOrder(), typed)
    const acted = await action.act(input, 'key')
    expect(box.mails[0]?.to).toEqual(['jo@example.com'])
    // Nobody is asked: there is nothing to wait for.
    expect(acted).toEqual({ is: 'handed_over', to: 'the mail server' })
    expect(JSON.stringify([acted, input.target])).not.toContain('jo@')
  })

  it('waits until whoever else was asked has answered, and for no answer of the customer’s own', async () => {
    const { url } = await serve()
    const notify = connect(url).actions.find(({ id }) => id === 'notify_customer')
    const afterAnswersTo = notify?.afterAnswersTo ?? []
    expect(afterAnswersTo).toEqual(expect.arrayContaining(['open_trace', 'ask_supplier']))
    expect(afterAnswersTo).not.toContain('ask_customer')
  })

  it('asks for the customer’s address first, and starts with no address in it', () => {
    const { action } = aimed('smtp://127.0.0.1:1', 'ask_customer', heldOrder())
    expect(action.inputs?.(heldOrder())).toMatchObject([
      { id: 'private_to', required: true, maxLength: 254 },
      { id: 'subject', required: true, initial: 'A question about your order 1001' },
      { id: 'text', required: true, initial: expect.stringContaining('house number') },
    ])
    expect(action.inputs?.(heldOrder())[0]).not.toHaveProperty('initial')
  })

  it('does not let the server’s words give the customer away', async () => {
    const words = '5.1.1 <jo.doe@example.com> User jo.doe unknown'
    const box = await serve({ refuses: { to: 'jo.doe@example.com', code: 550, words } })
    const { action, input } = aimed(box.url, 'ask_customer', heldOrder(), {
      private_to: 'jo.doe@example.com',
    })
    const error = await failureOf(action.act(input, 'key'))
    expect(error).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('<the recipient> User the recipient unknown'),
    })
    expect(String(error)).not.toContain('jo.doe')
  })
})

describe('a mail server', () => {
  const act = async (url: string, settings: object = {}) => {
    const { action, input } = aimed(url, 'open_trace', lostParcel(), {}, settings)
    return failureOf(action.act(input, 'key'))
  }

  it('that refuses the recipient is quoted, and nothing went out', async () => {
    const refuses = { to: 'trace@carrier.example', code: 550, words: '5.1.1 No such mailbox' }
    const box = await serve({ refuses })
    expect(await act(box.url)).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('5.1.1 No such mailbox'),
    })
    expect(box.mails).toEqual([])
  })

  it('that puts the recipient off has taken nothing: later it may', async () => {
    const refuses = { to: 'trace@carrier.example', code: 451, words: '4.7.1 Greylisted, try again later' }
    const box = await serve({ refuses })
    expect(await act(box.url)).toMatchObject({ failure: 'unreachable' })
  })

  it.each([
    [554, 'refused'],
    [452, 'unreachable'],
  ])('that answers the message itself with %i has not taken it', async (code, failure) => {
    const box = await serve({ refusesMessage: { code, words: 'No thanks' } })
    expect(await act(box.url)).toMatchObject({ failure, message: expect.stringContaining('No thanks') })
    expect(box.mails).toEqual([])
  })

  it.each([
    ['is not there', 'unreachable', 'cut', 'connect'],
    ['says nothing', 'unreachable', 'hang', 'connect'],
    ['is no mail server', 'misconfigured', { says: 'HTTP/1.1 400 Bad Request' }, 'connect'],
    ['sends everybody away', 'refused', { says: '554 No service for you' }, 'connect'],
    ['is busy', 'unreachable', { says: '421 Too many connections' }, 'connect'],
    ['cuts before the message', 'unreachable', 'cut', 'mail'],
    ['hangs before the message', 'unreachable', 'hang', 'mail'],
  ] as const)('that %s has taken nothing: %s', async (_what, failure, does, at) => {
    const server = await misbehave(at, does)
    expect(await act(server.url)).toMatchObject({ failure })
    expect(server.took()).toBe(0)
  })

  it('that nobody runs is unreachable', async () => {
    const box = await serve()
    await box.close()
    expect(await act(box.url)).toMatchObject({ failure: 'unreachable' })
  })

  it.each([
    ['cuts', 'cut'],
    ['hangs', 'hang'],
  ] as const)(
    'that %s after the message may have taken it: look before sending again',
    async (_what, does) => {
      const server = await misbehave('message', does)
      const error = await act(server.url)
      expect(server.took()).toBe(1)
      expect(error).toMatchObject({ failure: 'ambiguous' })
      // With the id by which it is found in the sent mail.
      expect(String(error)).toMatch(/look into the sent mail.*<baton\.[0-9a-f]{32}@shop\.example>/)
    },
  )

  it('stops when the caller does', async () => {
    const server = await misbehave('connect', 'hang')
    const { action, input } = aimed(server.url, 'open_trace', lostParcel(), {}, { timeoutMs: 60_000 })
    const acting = action.act({ ...input, signal: AbortSignal.timeout(50) }, 'key')
    expect(await failureOf(acting)).toMatchObject({ failure: 'unreachable' })
  })
})

describe('a login and TLS', () => {
  const login = { user: 'baton', password: 'only for tests' }
  const send = (url: string, settings: object) => {
    const { action, input } = aimed(url, 'open_trace', lostParcel(), {}, settings)
    return action.act(input, 'key')
  }
  const probe = (url: string, settings: object) => connect(url, settings).probe(AbortSignal.timeout(5_000))
  const safe = { ...login, ca: OWN.cert, requireTls: true }

  it.each([
    ['STARTTLS', {}],
    ['TLS from the start', { secure: true as const }],
  ])('work over %s, with an authority of one’s own', async (_name, more) => {
    const box = await serve({ login, tls: OWN, ...more })
    await probe(box.url, safe)
    await send(box.url, safe)
    expect(box.mails).toMatchObject([{ secure: true }])
  })

  it('that are wrong are the admin’s to mend, and nothing is sent', async () => {
    const box = await serve({ login, tls: OWN })
    const wrong = { ...safe, password: 'wrong' }
    const misconfigured = { failure: 'misconfigured', message: expect.stringContaining('user and password') }
    expect(await failureOf(probe(box.url, wrong))).toMatchObject(misconfigured)
    expect(await failureOf(send(box.url, wrong))).toMatchObject(misconfigured)
    expect(String(await failureOf(send(box.url, wrong)))).not.toContain('wrong')
    expect(box.mails).toEqual([])
  })

  it.each([
    ['a server without TLS', {}, {}],
    ['a certificate that nobody vouches for', { tls: OWN }, { ca: undefined }],
    ['one from the start, too', { tls: OWN, secure: true as const }, { ca: undefined }],
  ])('are not given to %s', async (_what, manners, settings) => {
    const box = await serve({ login, ...manners })
    const error = await failureOf(send(box.url, { ...safe, ...settings }))
    expect(error).toMatchObject({ failure: 'misconfigured' })
    expect(box.mails).toEqual([])
  })

  it('probe: says that nobody is there when nobody is', async () => {
    const box = await serve()
    await box.close()
    expect(await failureOf(probe(box.url, {}))).toMatchObject({ failure: 'unreachable' })
  })
})
