import { afterAll, beforeAll, expect, it } from 'vitest'
import { wordsOf } from '../../src/app/errors.ts'
import type { NewIntervention } from '../../src/app/records.ts'
import { type Connection, connect } from '../../src/db/connect.ts'
import { createStore } from '../../src/db/store.ts'
import { testDatabase } from '../support/database.ts'

const database = testDatabase()
let connection: Connection

beforeAll(() => {
  connection = connect(database.url)
})
afterAll(() => connection.close())

const note: NewIntervention = {
  at: new Date('2026-11-23T06:00:00Z'),
  timeline: 'live',
  person: null,
  kind: 'press',
  action: 'note',
  result: 'acted',
  exceptionId: null,
  subjectId: null,
  contract: null,
  handoff: null,
  startedAt: null,
  reportedMinutes: null,
  note: 'Mara Example called about her parcel',
  surface: 'console',
  interactionKey: 'twice',
  snapshot: null,
  message: null,
}

it('a failed statement tells what went wrong, and nothing of what people wrote', async () => {
  const store = createStore(connection.db)
  await store.transaction((tx) => tx.logInterventions([note]))
  const failure = await store
    .transaction((tx) => tx.logInterventions([note]))
    .catch((error: unknown) => error)
  expect(wordsOf(failure)).toContain('interventions_interaction')
  expect(wordsOf(failure)).not.toContain('Mara')
  expect(String(failure)).not.toContain('Mara')

  const bare = await connection.db.query.interventions
    .findMany({ where: (row, { eq }) => eq(row.id, Number('Infinity')) })
    .catch((error: unknown) => error)
  expect(String(bare)).toContain('params')
  expect(wordsOf(bare)).not.toContain('params')
})

it('people find a connection free while the background holds all that it may', async () => {
  const { forBackground } = connection
  const background = createStore(connection.db, { atMost: forBackground })
  let began = 0
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let working: Promise<void>[] = []
  await new Promise<void>((isFull) => {
    working = Array.from({ length: 3 * forBackground }, () =>
      background.transaction(async () => {
        began += 1
        if (began === forBackground) isFull()
        await held
      }),
    )
  })
  expect(await createStore(connection.db).transaction((tx) => tx.feeds())).toEqual([])
  expect(began).toBe(forBackground)
  release()
  await Promise.all(working)
  expect(began).toBe(3 * forBackground)
})

it('a transaction that fails gives its place to the next one', async () => {
  const one = createStore(connection.db, { atMost: 1 })
  const failing = one.transaction(() => Promise.reject(new Error('no')))
  const next = one.transaction((tx) => tx.feeds())
  await expect(failing).rejects.toThrow('no')
  expect(await next).toEqual([])
  expect(await one.transaction((tx) => tx.feeds())).toEqual([])
})
