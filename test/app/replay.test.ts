import { afterEach, beforeEach, expect, it } from 'vitest'
import { draftOf, saveDrafts } from '../../src/app/draft.ts'
import { replayFacts, sweepBefore } from '../../src/app/pipeline.ts'
import type { Play } from '../../src/app/world.ts'
import { PLAIN_GRACES } from '../../src/domain/contract/terms.ts'
import type { Fact } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { fact, type Told } from '../support/objects.ts'
import { CONTRACTS, createWorld, MINUTE, SIX, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const play: Play = {
  timeline: 'import:past',
  contracts: CONTRACTS,
  routing: null,
  postingSurfaces: [],
  graces: PLAIN_GRACES,
  systems: () => [],
  silent: () => null,
  suspect: () => null,
  recheckMs: 0,
}
const replayed = (facts: Fact[]) =>
  world.store.transaction(async (tx) => {
    await tx.insertFacts(play.timeline, facts)
    await replayFacts(tx, play, facts, SIX)
  })
/** The end of the export: what fell due until then is opened. */
const ended = (minute: number) =>
  world.store.transaction(async (tx) => {
    const subjects = await tx.dueSubjects(play.timeline, new Date(SIX.getTime() + minute * MINUTE), 100)
    const drafts = (await tx.lockSubjects(subjects)).map(draftOf)
    for (const draft of drafts) sweepBefore(draft, play, new Date(SIX.getTime() + minute * MINUTE + 1))
    await saveDrafts(tx, play.timeline, drafts)
  })
const wms = (minute: number, over: Told = {}) => fact({ minute, state: 'received', ...over })
const erp = (minute: number, state: string, over: Told = {}) => fact({ role: 'erp', minute, state, ...over })
const clock = (value: unknown) => String(value).slice(11, 16)
const history = async () =>
  (await world.exceptions()).map(({ state, opened_at, closed_at, episode }) => [
    state,
    clock(opened_at),
    closed_at === null ? null : clock(closed_at),
    episode,
  ])

it('a past is judged as it would have been judged then: opened when it was due, healed when it was kept', async () => {
  await replayed([wms(0), erp(10, 'open'), erp(90, 'received')])
  expect(await history()).toEqual([['healed', '07:00', '07:30', 1]])
  expect(await world.episodes()).toMatchObject([{ episode: 1, closed_as: 'healed' }])
  expect(await world.posts()).toEqual([])
  expect(await world.interventions()).toEqual([])
})

it('what happens at the very moment it is due is in time', async () => {
  await replayed([wms(0), erp(60, 'received')])
  expect([await history(), await world.expectations()]).toEqual([[], []])
})

it('is the same in one batch and in many, with a break that comes back in between', async () => {
  const facts = [
    wms(0),
    erp(10, 'open'),
    erp(90, 'received'),
    erp(200, 'open'),
    erp(300, 'closed'),
    wms(400, { state: 'archived' }),
  ]
  for (const each of facts) await replayed([each])
  const wanted = [['healed', '10:20', '11:00', 2]]
  expect(await history()).toEqual(wanted)
  await world.close()
  world = await createWorld(database.url)
  await replayed(facts)
  expect(await history()).toEqual(wanted)
  expect(await world.episodes()).toHaveLength(2)
})

it('does not know its future, also where the versions of an object contradict their times', async () => {
  await replayed([
    wms(0),
    erp(10, 'open', { version: 5 }),
    erp(20, 'draft', { version: 4 }),
    erp(90, 'received', { version: 6 }),
  ])
  expect(await history()).toEqual([['healed', '07:00', '07:30', 1]])
})

it('ends at its end: what was due by then is open, what was not is not', async () => {
  await replayed([
    wms(0),
    wms(30, { externalId: 'R2', keys: [{ name: 'receipt', value: 'R2', kind: 'identity' }] }),
  ])
  await ended(60)
  expect(await history()).toEqual([['open', '07:00', null, 1]])
  expect(await world.expectations()).toHaveLength(1)
})
