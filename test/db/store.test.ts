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
