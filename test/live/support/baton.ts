import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { consoleApi, type ExceptionItem, until } from '../../support/baton.ts'
import { testDatabase } from '../../support/database.ts'
import type { Rig } from './rig.ts'
import { type Settings, startOnRig } from './start.ts'

type Api = ReturnType<typeof consoleApi>
export type ExceptionDetail = Awaited<ReturnType<Api['exception']>>
type Run = ExceptionDetail['actionRuns'][number]

/** What an exception is looked for by: its contract, and a key of the thing it is about. */
export type Wanted = { contract: string; key: 'order' | 'stock' | 'receipt'; value: string }

/**
 * From the end of a grace to the card: one poll brings the news and one more shows that nothing has come since (each
 * takes its time on a slow machine), a sweep looks every 2 s.
 */
const FOUND_AFTER_GRACE_MS = 20_000
const SETTLED_MS = 60_000
const RUN_MS = 60_000

const isAbout = ({ contract, key, value }: Wanted, item: ExceptionItem): boolean =>
  item.contract === contract && item.subject.keys.some((k) => k.name === key && k.value === value)

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/**
 * A Baton of the calling `describe`'s own on the rig's systems: its whole self in this process, on a real database,
 * driven over its public HTTP API by two persons. It starts before the tests, or when `start` is called if `later`.
 */
export const liveBaton = (rig: Rig, settings: Settings, { later = false } = {}) => {
  const database = testDatabase()
  const said: string[] = []
  const keep = (fields: object, message: string): void =>
    void said.push(JSON.stringify({ message, ...fields }))
  let running: Awaited<ReturnType<typeof startOnRig>> | undefined
  const start = async (): Promise<void> => {
    running = await startOnRig(rig, settings, database.url, { info: () => {}, warn: keep, error: keep })
  }
  if (!later) beforeAll(start)
  afterAll(() => running?.stop())
  afterEach(({ task }) => {
    const words = said.splice(0)
    if (task.result?.state === 'fail') process.stderr.write(`Baton said:\n${words.join('\n')}\n`)
  })

  const started = () => {
    if (!running) throw new Error('liveBaton: it is started when the tests begin')
    return running
  }
  const as = (person: 'olga' | 'lea') => consoleApi(started().url, person)

  const openOnes = async (wanted: Wanted): Promise<ExceptionItem[]> =>
    (await as('olga').exceptions('open')).filter((item) => isAbout(wanted, item))

  return {
    start,
    as,
    /** Until Baton has read this system from its beginning to now. */
    async hasRead(...systems: ('erp' | 'wms' | 'shop')[]): Promise<void> {
      const now = new Date()
      const { sql } = started()
      await until(`Baton has read ${systems.join(' and ')}`, async () => {
        const read =
          await sql`select system from system_state where system in ${sql(systems)} and watermark > ${now}`
        return read.length === systems.length
      })
    },
    /**
     * The card, once it is there. It has to come within the grace of its contract and what it takes to look, counted
     * from when this is called: call it as soon as the systems disagree.
     */
    async finds(wanted: Wanted): Promise<ExceptionDetail> {
      const graceMs = graceOf(settings.tune[wanted.contract])
      const began = performance.now()
      const item = await until(
        `an exception of ${wanted.contract} on ${wanted.key} ${wanted.value}`,
        async () => (await openOnes(wanted))[0],
        graceMs + FOUND_AFTER_GRACE_MS,
      )
      const took = performance.now() - began
      process.stderr.write(`${wanted.contract}: found in ${seconds(took)}, grace ${seconds(graceMs)}\n`)
      return as('olga').exception(item.id)
    },
    /** The operator presses a button of the card as it was read; answers what the press was told. */
    press: ({ id, version }: Pick<ExceptionItem, 'id' | 'version'>, action: string, values = {}) =>
      as('olga').press({ exception: id, action, version, values }),
    /** Somebody else looks at what was asked for and approves it. */
    async approve(id: string): Promise<void> {
      const asked = await as('lea').exception(id)
      const answer = await as('lea').press({ exception: id, action: 'approve', version: asked.version })
      expect(answer).toMatchObject({ result: 'acted' })
    },
    /** The last run of an exception, once it is over. */
    ended: (id: string): Promise<Run> =>
      until(
        'the run is over',
        async () =>
          (await as('olga').exception(id)).actionRuns.filter((run) => run.state === 'finished').at(-1),
        RUN_MS,
      ),
    /** The exception once it is not open any more, and nothing is under way for it: a poll may be faster than a run. */
    async closed(id: string): Promise<ExceptionDetail> {
      const look = async (): Promise<ExceptionDetail | undefined> => {
        const now = await as('olga').exception(id)
        const isOver = now.actionRuns.every((run) => run.state === 'finished')
        return now.state !== 'open' && isOver ? now : undefined
      }
      return until(`${id} is closed`, look, SETTLED_MS).catch(async (error: unknown) => {
        const { status, actionRuns } = await as('olga').exception(id)
        throw new Error(`It is still open: ${status}\n${JSON.stringify(actionRuns)}`, { cause: error })
      })
    },
  }
}

export type LiveBaton = ReturnType<typeof liveBaton>

const graceOf = (tuning: object | undefined): number => {
  if (!tuning || !('grace' in tuning)) throw new Error('a contract that is looked for needs a short grace')
  return Number(String(tuning.grace).replace(/s$/, '')) * 1000
}

/**
 * One press mends it: the card offers the action, one person presses it (and a second one approves where it moves money
 * or goods), and Baton says that it is done, verified, and what closed the exception.
 */
export const mendsInOnePress = async (
  baton: LiveBaton,
  card: ExceptionDetail,
  action: string,
  { secondPerson = false, values = {} } = {},
): Promise<void> => {
  const began = performance.now()
  const offer = card.actions.find(({ id }) => id === action)
  expect(offer, `the card offers ${card.actions.map(({ id }) => id).join(', ')}`).toMatchObject({
    enabled: true,
  })
  const answer = await baton.press(card, action, values)
  expect(answer.result, answer.message).toBe(secondPerson ? 'awaiting_approval' : 'acted')
  if (secondPerson) await baton.approve(card.id)
  const closed = await baton.closed(card.id)
  expect(closed, closed.status).toMatchObject({ state: 'resolved' })
  expect(closed.actionRuns).toMatchObject([
    {
      action: action.split('.')[1],
      state: 'finished',
      outcome: 'done',
      verifiedAt: expect.any(String),
      requestedBy: 'Olga Operator',
      approvedBy: secondPerson ? 'Lea Lead' : null,
      // The system itself was read back. Who only finds the exception closed says that the systems agree.
      words: expect.not.stringMatching(/^The systems agree/),
    },
  ])
  process.stderr.write(`${card.contract}: ${action} verified in ${seconds(performance.now() - began)}\n`)
}
