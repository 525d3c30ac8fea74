import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Connector, PollPage } from '../../../src/app/connector.ts'
import { easypostConfig } from '../../../src/connectors/easypost/config.ts'
import { createEasypostConnector } from '../../../src/connectors/easypost/index.ts'
import { type EasypostDouble, startEasypost } from '../../support/easypost/double.ts'
import { type Fault, type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts'

const MINUTE = 60_000
const DAY = 86_400_000
let double: EasypostDouble
let proxy: FaultyProxy
let connector: Connector

const connect = (settings: object = {}): Connector =>
  createEasypostConnector(
    {
      ...easypostConfig.parse({ url: proxy.url, apiKey: double.apiKey, timeoutMs: 250, ...settings }),
      name: 'parcels',
    },
    { now: double.now },
  )
beforeEach(async () => {
  double = await startEasypost()
  proxy = await startFaultyProxy(double.url)
  connector = connect()
})
afterEach(async () => {
  await proxy.close()
  await double.close()
})

const read = async (cursor: string | null): Promise<PollPage> => {
  const page = await connector.poll?.changes(cursor, AbortSignal.timeout(10_000))
  if (!page) throw new Error('no poller')
  return page
}
/** Pages up to the end of a reading. */
const readAll = async (from: string | null): Promise<PollPage[]> => {
  const pages = [await read(from)]
  for (let last = pages[0]; last?.more; last = pages.at(-1)) pages.push(await read(last.cursor))
  return pages
}
const cursorOf = (pages: PollPage[]) => pages.at(-1)?.cursor ?? null
const statesOf = (pages: PollPage[]) =>
  new Map(pages.flatMap(({ facts }) => facts.map((fact) => [fact.keys[0]?.value, fact.state])))
/** Trackers on several pages, the oldest first. */
const fill = (count: number) => {
  for (let n = 1; n <= count; n++) double.make(`P${n}`)
}

describe('reading the parcels of an account', () => {
  it('walks through all of them, a hundred at a time, and knows them as of when it began', async () => {
    fill(230)
    const began = double.now()
    const pages = await readAll(null)
    expect(pages.map(({ facts, more }) => [facts.length, more])).toEqual([
      [100, true],
      [100, true],
      [30, false],
    ])
    expect(pages.map(({ watermark }) => watermark)).toEqual([undefined, undefined, began])
    expect(double.lists.map(({ page_size }) => page_size)).toEqual(['100', '100', '100'])
  })

  it('does not claim to know what changed behind it while it walked', async () => {
    fill(150)
    const began = double.now()
    const first = await read(null)
    double.pass(MINUTE)
    // On the page that was read a minute ago; its webhook is lost.
    double.scan('P150', { status: 'failure', detail: 'lost', silently: true })
    const last = await read(first.cursor)
    expect(last).toMatchObject({ more: false, watermark: began })
  })

  it('finds by the next walk what no webhook told, however old the tracker', async () => {
    fill(150)
    const cursor = cursorOf(await readAll(null))
    double.pass(5 * MINUTE)
    double.scan('P1', { status: 'failure', detail: 'lost', silently: true })
    const again = await readAll(cursor)
    expect(statesOf(again).get('P1')).toBe('lost')
    expect(again.at(-1)?.watermark).toEqual(double.now())
  })

  it('between two walks reads the youngest page only, and knows no more than before', async () => {
    fill(150)
    const began = double.now()
    const cursor = cursorOf(await readAll(null))
    double.pass(MINUTE)
    double.make('NEW')
    const page = await read(cursor)
    expect(page).toMatchObject({ more: false, cursor, watermark: began })
    expect(statesOf([page]).get('NEW')).toBe('label')
    expect(double.lists).toHaveLength(3)
  })

  it('goes on where a walk was interrupted, as of when that began', async () => {
    fill(150)
    const began = double.now()
    const { cursor } = await read(null)
    double.pass(20 * MINUTE)
    connector = connect()
    expect(await read(cursor)).toMatchObject({ more: false, watermark: began })
  })

  it('lets go of parcels whose tracker is older than the watch', async () => {
    fill(100)
    double.pass(31 * DAY)
    for (let n = 1; n <= 100; n++) double.make(`Q${n}`)
    const pages = await readAll(null)
    // The page on which the watch ends is the last one.
    expect(pages).toHaveLength(2)
    double.pass(31 * DAY)
    expect(await readAll(null)).toHaveLength(1)
  })

  it('starts over when the tracker is gone at which it stopped', async () => {
    fill(150)
    const { cursor } = await read(null)
    double.forget('P51')
    double.pass(MINUTE)
    const restarted = double.now()
    const pages = await readAll(cursor)
    expect(statesOf(pages).size).toBe(149)
    expect(pages.at(-1)?.watermark).toEqual(restarted)
  })

  it('does not start over on and on where it cannot get past a tracker', async () => {
    fill(150)
    double.spoil('P51', (tracker) => ({ ...tracker, id: 'trk_unknown' }))
    const { cursor } = await read(null)
    const again = await read(cursor)
    await expect(read(again.cursor)).rejects.toMatchObject({ failure: 'refused' })
    double.pass(5 * MINUTE)
    double.forget('P51')
    expect(statesOf(await readAll(again.cursor)).size).toBe(149)
  })

  it('starts over with a cursor that it cannot read', async () => {
    fill(1)
    expect(await read('{"of":"another version"}')).toMatchObject({ more: false, facts: [{}] })
  })

  it('reports a tracker that makes no sense, and goes on behind it', async () => {
    fill(101)
    double.spoil('P2', (tracker) => ({ ...tracker, status: 7 }))
    const pages = await readAll(null)
    expect(pages[0]?.bad).toMatchObject([{ at: 'trackers[99]' }])
    expect(statesOf(pages).size).toBe(100)
  })

  it('says so when a page names nothing to go on from', async () => {
    fill(1)
    double.spoil('P1', () => 'nonsense')
    await expect(read(null)).rejects.toMatchObject({ failure: 'misconfigured' })
  })

  /** What one fault comes to: a read is tried again, unless the system says when to come back. */
  const FAULTS: [string, Fault, string | null][] = [
    ['a refused connection', { kind: 'refused' }, null],
    ['no answer', { kind: 'hang', when: 'before' }, null],
    ['a cut connection', { kind: 'reset', when: 'after' }, null],
    ['a 500', { kind: 'status', when: 'before', status: 500 }, null],
    [
      'a 429 with a time',
      { kind: 'status', when: 'before', status: 429, headers: { 'retry-after': '7' } },
      'unreachable',
    ],
    ['an answer cut short', { kind: 'truncated' }, 'misconfigured'],
  ]
  it.each(FAULTS)('loses nothing by %s in the middle of a walk', async (_name, fault, failure) => {
    fill(250)
    const began = double.now()
    const { cursor } = await read(null)
    proxy.arm(fault)
    const failed: unknown = await read(cursor).then(
      () => null,
      (error: unknown) => error,
    )
    expect(proxy.struck()).toBe(true)
    if (failure === null) expect(failed).toBeNull()
    else expect(failed).toMatchObject({ failure })
    proxy.disarm()
    const rest = await readAll(cursor)
    expect(statesOf(rest).size).toBe(150)
    expect(rest.at(-1)?.watermark).toEqual(began)
  })

  it('takes the clock of EasyPost for what it is', async () => {
    fill(1)
    expect((await read(null)).sentAt).toEqual(double.now())
  })
})

describe('the probe', () => {
  const probe = (settings: object) => connect(settings).probe(AbortSignal.timeout(5_000))

  it('tells a key of the other world', async () => {
    double.make('P1', 'test')
    await expect(probe({})).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('test'),
    })
    await expect(probe({ mode: 'test' })).resolves.toBeUndefined()
  })

  it('has nothing against an account without parcels', async () => {
    await expect(probe({})).resolves.toBeUndefined()
  })
})
