import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { batchCard } from '../../../src/app/batch-card.ts'
import { UserError } from '../../../src/app/errors.ts'
import { batchOffered, batchStarted, member } from '../../support/batches.ts'
import { exceptionOf, morning } from '../../support/cards.ts'
import { type ConsoleOptions, type RunningConsole, startConsole, stubAssets } from '../../support/console.ts'

const NOW = new Date('2026-11-23T06:12:00Z')
const JSON_TYPE = { 'Content-Type': 'application/json' }

let assets: Awaited<ReturnType<typeof stubAssets>>
const running: RunningConsole[] = []

beforeAll(async () => {
  assets = await stubAssets()
})
afterEach(async () => {
  for (const console of running.splice(0)) await console.stop()
})
afterAll(() => assets.remove())

const start = async (options: ConsoleOptions = {}): Promise<RunningConsole> => {
  const console = await startConsole({
    rows: morning(NOW),
    assetsRoot: assets.root,
    now: () => NOW,
    ...options,
  })
  running.push(console)
  return console
}

const post = (console: RunningConsole, path: string, body: unknown, headers: Record<string, string> = {}) =>
  console.send('POST', path, { headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) })

describe('the surroundings of an exception', () => {
  test('are what a person needs to decide: what follows from it, who waits, what it came to before', async () => {
    const promiseAt = new Date('2026-11-23T09:00:00Z')
    const order = { name: 'order 1', promiseAt, valueMinor: 1_000, currency: 'EUR' }
    const amounts = [{ minor: 1_000, currency: 'EUR' }]
    const row = exceptionOf(NOW, {
      id: 'ex-shipped',
      meaning: 'It is gone.',
      root: { id: '7', title: 'A feed is silent', name: 'feed erp' },
      consequenceCount: 3,
      consequences: { first: [{ ...order, id: '9', title: 'Cannot ship', severity: 'high' }], amounts },
      orders: { total: 40, isCut: true, amounts, first: [order] },
      gap: {
        week: 1,
        quarter: 2,
        isCut: false,
        closed: 1,
        medianOpenMs: 60_000,
        healedAlone: 0,
        medianAloneMs: null,
        handled: 2,
        actions: [
          { id: 'erp.book', label: 'Book it', times: 2, verified: 1, proven: 1, needed: 30, ms: null },
        ],
        people: ['Ada Example'],
        notes: [{ id: '8', exception: '3', person: 'Ada Example', note: 'ask the dock', at: promiseAt }],
      },
    })
    const { send } = await start({ rows: [row] })
    const waiter = { ...order, promiseAt: '2026-11-23T09:00:00.000Z' }
    expect((await send('GET', '/console/api/exceptions/ex-shipped')).json()).toMatchObject({
      meaning: 'It is gone.',
      root: { id: '7', title: 'A feed is silent', name: 'feed erp' },
      consequences: { total: 3, amounts, items: [{ ...waiter, id: '9', title: 'Cannot ship' }] },
      orders: { total: 40, isCut: true, amounts, items: [waiter] },
      history: {
        in7Days: 1,
        in90Days: 2,
        people: ['Ada Example'],
        notes: [{ note: 'ask the dock', at: '2026-11-23T09:00:00.000Z' }],
      },
    })
  })
})

describe('GET /console/api/exceptions', () => {
  test('answers the published shape, with ISO instants', async () => {
    const { send } = await start({ rows: [exceptionOf(NOW, { id: 'ex-shipped' })] })
    const answer = await send('GET', '/console/api/exceptions')
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.json()).toEqual({
      items: [
        {
          id: 'ex-shipped',
          version: 1,
          state: 'open',
          contract: 'shipped-is-booked',
          handoff: { from: 'wms', to: 'erp', object: 'shipment' },
          title: 'Shipped in the warehouse, still open in the ERP',
          severity: 'high',
          subject: { keys: [{ name: 'order', value: '10428' }] },
          systems: [
            {
              system: 'wms-north',
              role: 'wms',
              state: 'shipped',
              raw: 'SHIP_CONF',
              at: '2026-11-23T04:37:00.000Z',
            },
            {
              system: 'erp-main',
              role: 'erp',
              state: 'open',
              raw: 'Backorder: none; status 20',
              at: '2026-11-22T05:32:00.000Z',
            },
          ],
          openedAt: '2026-11-23T05:37:00.000Z',
          dueAt: '2026-11-23T05:37:00.000Z',
          actions: [
            {
              id: 'sync_shipment',
              label: 'Book the shipment',
              enabled: true,
              reason: 'settled 12 of the last 14 of these, 2 min each',
            },
            { id: 'recheck', label: 'Check again', enabled: true, reason: null },
            { id: 'note', label: 'Add a note', enabled: true, reason: null },
            { id: 'dismiss', label: 'Dismiss', enabled: true, reason: null },
          ],
        },
      ],
      next: null,
    })
  })

  test('asks for open exceptions of the live timeline unless told otherwise', async () => {
    const { send, baton } = await start()
    await send('GET', '/console/api/exceptions')
    await send(
      'GET',
      '/console/api/exceptions?state=closed&limit=7&after=c1&channel=shipping&q=erp%20%20open&timeline=import:olist',
    )
    expect(baton.lists).toEqual([
      { state: 'open', timeline: 'live', after: null, limit: 50 },
      {
        state: 'closed',
        timeline: 'import:olist',
        after: 'c1',
        limit: 7,
        channel: 'shipping',
        words: ['erp', 'open'],
      },
    ])
  })

  test('pages follow one another without a gap', async () => {
    const { send } = await start()
    const ids: unknown[] = []
    let after = ''
    for (;;) {
      const page = (await send('GET', `/console/api/exceptions?limit=2${after}`)).json() as {
        items: { id: string }[]
        next: string | null
      }
      ids.push(...page.items.map((item) => item.id))
      if (page.next === null) break
      after = `&after=${page.next}`
    }
    expect(ids).toEqual(['ex-receipt', 'ex-never-imported', 'ex-shipped', 'ex-stock', 'ex-no-scan'])
  })

  test.each([
    ['limit=0', 'limit (query)'],
    ['limit=101', 'limit (query)'],
    ['limit=ten', 'limit (query)'],
    ['limit=1.5', 'limit (query)'],
    ['state=opened', 'state (query)'],
    ['state=open&state=closed', 'state (query)'],
    ['timeline=yesterday', 'timeline (query)'],
    ['after=', 'after (query)'],
    ['chanel=shipping', 'chanel'],
  ])('?%s is refused, and the error says which field is wrong', async (query, words) => {
    const { send, baton } = await start()
    for (const path of ['exceptions', 'cards']) {
      const answer = await send('GET', `/console/api/${path}?${query}`)
      expect(answer.status).toBe(400)
      expect(answer.json()).toEqual({ error: expect.stringContaining(words) })
    }
    expect(baton.lists).toEqual([])
  })
})

describe('GET /console/api/exceptions/:id', () => {
  test('adds the interventions and the action runs', async () => {
    const at = NOW
    const row = exceptionOf(NOW, {
      id: 'ex-1',
      interventions: [
        {
          id: 'i1',
          at,
          person: 'Ines Okafor',
          kind: 'press',
          action: 'sync_shipment',
          result: 'acted',
          note: null,
          minutes: 2,
          surface: 'console',
        },
      ],
      actionRuns: [
        {
          id: 'r1',
          action: 'sync_shipment',
          label: 'Book the shipment',
          system: 'erp-main',
          requestedBy: 'Ines Okafor',
          approvedBy: null,
          state: 'finished',
          outcome: 'done',
          words: 'Shipment booked, status 40',
          startedAt: at,
          settleBy: null,
          finishedAt: at,
          verifiedAt: null,
        },
      ],
    })
    const { send } = await start({ rows: [row] })
    expect((await send('GET', '/console/api/exceptions/ex-1')).json()).toMatchObject({
      id: 'ex-1',
      routeReason: 'rule "shipping": role erp, severity high',
      interventions: [{ ...row.interventions[0], at: at.toISOString() }],
      actionRuns: [{ ...row.actionRuns[0], startedAt: at.toISOString(), finishedAt: at.toISOString() }],
    })
  })

  test.each(['/console/api/exceptions/none', '/console/api/exceptions/none/card', '/console/api/nothing'])(
    '%s is not found, and says so',
    async (path) => {
      const { send } = await start()
      const answer = await send('GET', path)
      expect(answer.status).toBe(404)
      expect(answer.json()).toEqual({ error: expect.stringMatching(/none|nothing/) })
    },
  )

  test('an address that cannot be decoded is the caller’s mistake', async () => {
    const { send, errors } = await start()
    expect((await send('GET', '/console/api/exceptions/%E0%A4%A')).status).toBe(400)
    expect(errors).toEqual([])
  })
})

describe('cards', () => {
  test('the list and the single card are the same Adaptive Card', async () => {
    const { send } = await start()
    const list = (await send('GET', '/console/api/cards?channel=receiving')).json()
    const one = (await send('GET', '/console/api/exceptions/ex-receipt/card')).json()
    expect(list).toEqual({ items: [one], next: null, total: 1 })
    expect(one).toMatchObject({
      id: 'ex-receipt',
      severity: 'medium',
      channel: 'receiving',
      card: { type: 'AdaptiveCard', version: '1.5' },
    })
  })
})

describe('POST /console/api/press', () => {
  const press = {
    exception: 'ex-stock',
    action: 'set_stock',
    version: 1,
    values: { quantity: 12, why: 'counted' },
  }

  test('passes the press on as the local person and answers its result and message', async () => {
    const console = await start()
    console.baton.answerPress = async () => ({ result: 'lost_race', message: 'Ines Okafor was first.' })
    const answer = await post(console, '/console/api/press', {
      ...press,
      formOpenMs: 90_000,
      interactionKey: 'key-12345678',
    })
    expect(answer.json()).toEqual({ result: 'lost_race', message: 'Ines Okafor was first.' })
    expect(console.baton.presses).toEqual([
      {
        identity: { surface: 'console', externalId: 'local', displayName: 'Console' },
        exception: 'ex-stock',
        action: 'set_stock',
        version: 1,
        values: { quantity: 12, why: 'counted' },
        formOpenedAt: new Date('2026-11-23T06:10:30Z'),
        interactionKey: 'key-12345678',
      },
    ])
  })

  test('values may be left out', async () => {
    const console = await start()
    const { values: _, ...bare } = press
    expect((await post(console, '/console/api/press', bare)).status).toBe(200)
    expect(console.baton.presses[0]).toMatchObject({ values: {}, formOpenedAt: null, interactionKey: null })
  })

  test.each([
    [{ ...press, version: '1' }, 'version (body)'],
    [{ ...press, version: -1 }, 'version (body)'],
    [{ ...press, exception: '' }, 'exception (body)'],
    [{ ...press, values: { quantity: [12] } }, 'values.quantity (body)'],
    [{ ...press, person: 'admin' }, 'person'],
    [[], 'body'],
    [{}, 'exception (body)'],
  ])('%j is refused, and the error says which field is wrong', async (body, words) => {
    const console = await start()
    const answer = await post(console, '/console/api/press', body)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: expect.stringContaining(words) })
    expect(console.baton.presses).toEqual([])
  })

  test('an unknown exception is not found', async () => {
    const console = await start()
    const answer = await post(console, '/console/api/press', { ...press, exception: 'ex-none' })
    expect(answer.status).toBe(404)
    expect(console.errors).toEqual([])
  })

  test('broken JSON and oversized bodies are refused in words', async () => {
    const { send } = await start()
    const broken = await send('POST', '/console/api/press', { headers: JSON_TYPE, body: '{"exception":' })
    expect([broken.status, broken.json()]).toEqual([400, { error: 'The body is not valid JSON.' }])
    const large = await send('POST', '/console/api/press', {
      headers: JSON_TYPE,
      body: `"${'x'.repeat(70_000)}"`,
    })
    expect([large.status, large.json()]).toEqual([413, { error: 'The body is larger than 64 KB.' }])
  })

  test('what the user can mend is told; what he cannot is told to the log alone', async () => {
    const console = await start()
    console.baton.answerPress = async () => {
      throw new UserError('Nobody is admin yet: set BATON_ADMIN')
    }
    const mendable = await post(console, '/console/api/press', press)
    expect([mendable.status, mendable.json()]).toEqual([
      400,
      { error: 'Nobody is admin yet: set BATON_ADMIN' },
    ])

    const failure = new Error('connection to 10.1.2.3 refused for user baton')
    console.baton.answerPress = async () => {
      throw failure
    }
    const broken = await post(console, '/console/api/press', press)
    expect(broken.status).toBe(500)
    expect(broken.text).not.toContain('10.1.2.3')
    expect(console.errors).toEqual([failure])
  })
})

describe('who presses', () => {
  const people = [
    { externalId: 'ines', displayName: 'Ines Okafor' },
    { externalId: 'tom', displayName: 'Tom Brandt' },
  ]
  const press = { exception: 'ex-stock', action: 'recheck', version: 1 }

  test('in the sandbox the reader is whom he says he is, of those who are offered', async () => {
    const console = await start({ people })
    expect((await console.send('GET', '/console/api/me')).json()).toEqual({ people, signedIn: false })
    await post(console, '/console/api/press', press, { 'X-Baton-Person': 'tom' })
    await post(console, '/console/api/command', { channel: null, text: 'open' }, { 'X-Baton-Person': 'ines' })
    expect(console.baton.presses[0]?.identity).toEqual({
      surface: 'console',
      externalId: 'tom',
      displayName: 'Tom Brandt',
    })
    expect(console.baton.commands[0]?.identity.externalId).toBe('ines')
    const stranger = await post(console, '/console/api/press', press, { 'X-Baton-Person': 'mallory' })
    expect([stranger.status, stranger.json()]).toEqual([
      400,
      { error: expect.stringContaining('x-baton-person') },
    ])
    expect(console.baton.presses).toHaveLength(1)
  })

  test('elsewhere the header means nothing', async () => {
    const console = await start()
    await post(console, '/console/api/press', press, { 'X-Baton-Person': 'ines' })
    expect(console.baton.presses[0]?.identity.externalId).toBe('local')
  })
})

describe('POST /console/api/command', () => {
  test('answers the reply as an Adaptive Card and as text', async () => {
    const console = await start()
    const answer = await post(console, '/console/api/command', { channel: 'shipping', text: '  find 10428 ' })
    expect(answer.json()).toEqual({
      card: expect.objectContaining({ type: 'AdaptiveCard' }),
      text: 'You asked: find 10428',
    })
    expect(console.baton.commands).toMatchObject([
      { channel: 'shipping', text: 'find 10428', interactionKey: null },
    ])
  })

  test.each([
    [{ channel: 'shipping' }, 'text (body)'],
    [{ channel: 'shipping', text: '   ' }, 'text (body)'],
    [{ channel: 7, text: 'open' }, 'channel (body)'],
    [{ text: 'x'.repeat(2001) }, 'text (body)'],
  ])('%j is refused', async (body, words) => {
    const console = await start()
    const answer = await post(console, '/console/api/command', body)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: expect.stringContaining(words) })
  })
})

describe('channels and page', () => {
  test('channels come with how much is open', async () => {
    const { send } = await start()
    expect((await send('GET', '/console/api/channels')).json()).toMatchObject({
      items: expect.arrayContaining([{ id: 'shipping', title: '#shipping', open: 2, surfaces: ['console'] }]),
    })
  })

  test('the root leads to the console', async () => {
    const { send } = await start()
    const answer = await send('GET', '/')
    expect([answer.status, answer.headers.location]).toEqual([302, '/console'])
  })

  test('of the server’s own files only the page’s are served', async () => {
    const { send } = await start()
    for (const path of [
      '/console/modules/adaptive-card.js',
      '/console/modules/console/guard.js',
      '/console/modules/console/client/../guard.js',
      '/console/modules/console/client/..%2fguard.js',
      '/console/assets/../../../../package.json',
      '/console/assets/..%2f..%2f..%2f..%2fpackage.json',
    ]) {
      expect((await send('GET', path)).status, path).toBe(404)
    }
  })

  test('a page that was never built is one clear line at the start', async () => {
    await expect(startConsole({ assetsRoot: '/nowhere' })).rejects.toThrow(
      /The console's page needs .*index\.html/,
    )
  })
})

describe('many at once', () => {
  const done = { state: 'done' } as const

  test('is pressed like anything else: the batch is what the press is about', async () => {
    const console = await start()
    console.baton.setBatch(batchOffered([member(1), member(2)]))
    const press = { exception: 'batch:7', action: 'erp.book_receipt', version: 1 }
    const answer = await post(console, '/console/api/press', press)
    expect([answer.status, answer.json()]).toEqual([200, { result: 'acted', message: 'Started.' }])
    expect(console.baton.presses).toMatchObject([press])
  })

  test('is answered to a command as a card whose button names the batch', async () => {
    const console = await start()
    const card = batchCard(batchOffered([member(1), member(2)]), NOW)
    console.baton.answerCommand = async () => ({ card, text: 'for all 2' })
    const answer = await post(console, '/console/api/command', { channel: null, text: 'fix receipt-booked' })
    expect(answer.text).toContain(
      '"title":"Book the receipt for 2","style":"positive","data":{"exception":"batch:7","action":"erp.book_receipt","version":1}',
    )
  })

  test('is listed while it is shown, and read by itself, with what became of each', async () => {
    const console = await start()
    console.baton.setBatch(batchOffered([member(1)], { id: '6' }))
    console.baton.setBatch(batchStarted([member(1, done), member(2, { state: 'failed', words: 'closed' })]))
    const one = {
      id: '7',
      version: 2,
      state: 'running',
      contract: 'receipt-booked',
      channel: 'receiving',
      action: 'erp.book_receipt',
      startedBy: 'Ada Example',
      startedAt: '2026-11-23T06:10:00.000Z',
      finishedAt: null,
      members: [
        { exception: '1', state: 'done', words: '' },
        { exception: '2', state: 'failed', words: 'closed' },
      ],
      card: expect.objectContaining({ type: 'AdaptiveCard' }),
    }
    expect((await console.send('GET', '/console/api/batches')).json()).toEqual({ items: [one] })
    expect((await console.send('GET', '/console/api/batches/7')).json()).toEqual(one)
  })

  test.each(['99', 'seven', '7%20or%201'])('does not know batch %s', async (id) => {
    const { send } = await start()
    const answer = await send('GET', `/console/api/batches/${id}`)
    expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('No batch has the id')])
  })

  test('that is gone is no mistake of the server', async () => {
    const console = await start()
    const answer = await post(console, '/console/api/press', {
      exception: 'batch:9',
      action: 'stop',
      version: 1,
    })
    expect([answer.status, answer.json()]).toEqual([404, { error: 'No batch has the id 9' }])
  })
})
