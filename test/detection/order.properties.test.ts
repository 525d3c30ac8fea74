import { sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processFacts } from '../../src/app/process.ts'
import type { FactRef } from '../../src/app/records.ts'
import { isTransient } from '../../src/db/store.ts'
import { startsWhenSeen, type Verdict } from '../../src/domain/contract/contract.ts'
import type { Fact, Key } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, key, SIX, type World } from '../support/world.ts'
import { type ExpectedSubject, expectedObjects, expectedSubjects } from './expected.ts'
import { byName, nameOf, type Owed, objectsOf, owedOn, subjectsOf } from './outcome.ts'
import { ALL_DUE_MS, CONTRACTS, EARLIEST, type Hearing, hearingOf, type Statement, story } from './stories.ts'

/*
 * The real pipeline on the real database hears one story in any order, any number of times, late, in any batches, by
 * one process or by two at once. It must end in what the facts mean as a whole (expected.ts), however it heard them.
 *
 * What may differ from hearing to hearing, and why:
 * - ids, and when Baton noticed: a break that one hearing sees and mends again is never seen by another one. So closed
 *   exceptions, their episodes, merged ones and clock conflicts that were reported meanwhile are not compared.
 * - `receivedAt`: two contents of one version contradict each other, and the one heard last stands. The expected end
 *   is worked out from the facts as they were recorded, with their times of receipt.
 * - since when an agreement, or a condition on values (`since: seen`), has been broken: nobody states that, and the
 *   first moment it was seen broken stands. It only has to lie within the story.
 * - what a contract that cannot be judged in the end has waiting: it may have been broken before it became unknown.
 */

const database = testDatabase()
let world: World
beforeAll(async () => {
  world = await createWorld(database.url, { contracts: CONTRACTS })
})
afterAll(() => world.close())

const seenOnly = new Set(CONTRACTS.filter(startsWhenSeen).map(({ id }) => id))

/** Every hearing has names of its own, so that all can live in one database. */
let hearings = 0
const nextPrefix = (): string => `h${++hearings}-`
const renamed = (prefix: string, value: string): string => prefix + value
const named = (prefix: string, statement: Statement): Statement => ({
  ...statement,
  externalId: renamed(prefix, statement.externalId),
  keys: statement.keys.map((each): Key => ({ ...each, value: renamed(prefix, each.value) })),
})

const record = (facts: Fact[]): Promise<FactRef[]> =>
  world.store.transaction((tx) => tx.insertFacts('live', facts))

/** Takes a batch as the queue does: a transaction that lost against another one is simply tried again. */
const take = async (refs: FactRef[]): Promise<void> => {
  for (let tries = 0; ; tries++) {
    try {
      await processFacts(world.base, refs)
      return
    } catch (error) {
      if (!isTransient(error) || tries === 20) throw error
    }
  }
}

/** Lets the pipeline hear the story; answers the facts as they were recorded. */
const hear = async (told: Statement[], { order, steps, recordedFirst }: Hearing): Promise<Fact[]> => {
  const heard: Fact[] = []
  const factsOf = (places: number[]): Fact[] => {
    const facts = places.flatMap((place) => {
      const statement = told[place]
      return statement ? [{ ...statement, receivedAt: world.clock() }] : []
    })
    heard.push(...facts)
    return facts
  }
  const waiting = recordedFirst ? await record(factsOf(order)) : []
  let done = 0
  for (let turn = 0; done < order.length; turn++) {
    const step = steps[turn % steps.length]
    if (!step) throw new Error('a hearing has steps')
    world.pass(step.minutes * 60_000)
    const batches: FactRef[][] = []
    for (const size of step.sizes) {
      const places = order.slice(done, done + size)
      batches.push(recordedFirst ? waiting.slice(done, done + size) : await record(factsOf(places)))
      done += places.length
    }
    await Promise.all(batches.filter(({ length }) => length > 0).map(take))
    if (step.sweep) {
      await world.poll()
      await world.sweep()
    }
  }
  return heard
}

/** The expected breaks that `which` chooses. */
const brokenOf = (
  subjects: ExpectedSubject[],
  which: (verdict: Verdict & { is: 'broken' }) => boolean,
): Owed[] =>
  subjects
    .flatMap((subject) =>
      [...subject.verdicts].flatMap(([contract, verdict]): Owed[] => {
        if (verdict.is !== 'broken' || !which(verdict)) return []
        const { since, dueAt, evidence } = verdict
        return [{ contract, subject: nameOf(subject), since, dueAt, evidence: evidence.sentence }]
      }),
    )
    .sort(byName)

const startOfStory = new Date(SIX.getTime() - EARLIEST * 60_000)

/** What must be equal; a break that only has a first moment seen must have it within the story. */
const comparable = (owed: Owed[], undecided: Set<string>) => {
  const own = owed.filter(({ contract, subject }) => !undecided.has(`${contract} ${subject}`))
  for (const { contract, since } of own) {
    if (!seenOnly.has(contract)) continue
    expect(since >= startOfStory && since <= SIX).toBe(true)
  }
  return own.map(({ since, dueAt, ...rest }) => ({
    ...rest,
    ...(seenOnly.has(rest.contract) ? {} : { since, dueAt }),
  }))
}

const undecidedOf = (subjects: ExpectedSubject[]): Set<string> =>
  new Set(
    subjects.flatMap((subject) =>
      [...subject.verdicts].flatMap(([contract, { is }]) =>
        is === 'unknown' ? [`${contract} ${nameOf(subject)}`] : [],
      ),
    ),
  )

/** Hears a story and compares where it ends, before and after everything falls due. */
const hearAndCompare = async (told: Statement[], hearing: Hearing): Promise<void> => {
  const prefix = nextPrefix()
  await world.poll()
  const facts = await hear(
    told.map((statement) => named(prefix, statement)),
    hearing,
  )
  expect(await world.rows(sql`select problem from quarantine`)).toEqual([])
  expect(await objectsOf(world, prefix)).toEqual(expectedObjects(facts))

  const expected = expectedSubjects(facts, CONTRACTS)
  const subjects = await subjectsOf(world, prefix)
  const plain = subjects.map(({ id: _, ...rest }) => rest)
  const wanted = expected.map(({ verdicts: _, ...rest }) => rest)
  const byKeys = (a: { keys: string[] }, b: { keys: string[] }) => (`${a.keys}` < `${b.keys}` ? -1 : 1)
  expect(plain.sort(byKeys)).toEqual(wanted.sort(byKeys))

  const undecided = undecidedOf(expected)
  if (hearing.steps.every(({ minutes }) => minutes === 0)) {
    // Nothing fell due meanwhile: what is waited for is what is broken and not due yet.
    const pending = brokenOf(expected, ({ dueAt }) => dueAt > world.clock())
    const wantedNow = comparable(pending, undecided).map(({ evidence: _, ...rest }) => ({
      ...rest,
      evidence: null,
    }))
    expect(comparable(await owedOn(world, subjects, 'expectations'), undecided)).toEqual(wantedNow)
  }
  await world.later(ALL_DUE_MS)
  expect(comparable(await owedOn(world, subjects, 'expectations'), undecided)).toEqual([])
  const open = comparable(await owedOn(world, subjects, 'exceptions'), undecided)
  expect(open).toEqual(
    comparable(
      brokenOf(expected, () => true),
      undecided,
    ),
  )
  // What waits for ever would be looked at by the sweeps of every hearing after this one.
  await world.rows(sql`delete from expectations`)
}

const heardStory = (delays: boolean) =>
  story.chain((told) => fc.tuple(fc.constant(told), hearingOf(told.length, delays)))

describe('the same facts', () => {
  it('end in the same objects, subjects and breaks, in whatever order, batches and number they come', async () => {
    await fc.assert(
      fc.asyncProperty(heardStory(false), ([told, hearing]) => hearAndCompare(told, hearing)),
      { numRuns: 40 },
    )
  }, 60_000)

  it('end in the same open exceptions, however late they come and whatever was opened and healed meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(heardStory(true), ([told, hearing]) => hearAndCompare(told, hearing)),
      { numRuns: 40 },
    )
  }, 60_000)
})

/** What properties found, each in its smallest form. */
describe('a delivery', () => {
  const delivery = (over: Partial<Statement>): Statement => ({
    system: 'wms',
    role: 'wms',
    type: 'fulfillment',
    externalId: 'D1',
    keys: [key('order', '1')],
    state: 'shipped',
    rawState: 'SHIPPED',
    quantities: {},
    attributes: {},
    changedBy: { kind: 'unknown' },
    occurredAt: SIX,
    version: 1,
    ...over,
  })
  const steps = (...sizes: number[]) => [{ sizes, minutes: 0, sweep: false }]

  it('that no longer names its order moves it all the same, also within one batch', async () => {
    const told = [delivery({}), delivery({ version: 2, state: 'cancelled', keys: [] })]
    await hearAndCompare(told, { order: [0, 1], steps: steps(2), recordedFirst: false })
  })

  it('that was shipped before Baton heard of it moves the start of a break that is open already', async () => {
    const earlier = new Date(SIX.getTime() - 2 * 3_600_000)
    const told = [delivery({ version: 2 }), delivery({ occurredAt: earlier })]
    const late = [{ sizes: [1], minutes: 200, sweep: true }]
    await hearAndCompare(told, { order: [0, 1], steps: late, recordedFirst: false })
  })

  it('that two processes meet at once, each under another name, has one history and moves both', async () => {
    const told = [delivery({}), delivery({ version: 2, state: 'open', keys: [key('sale', 'S1')] })]
    for (let round = 0; round < 6; round++) {
      await hearAndCompare(told, { order: [0, 1], steps: steps(1, 1), recordedFirst: round % 2 === 0 })
    }
  })
})

describe('merging', () => {
  /** Facts that each name two of nine orders: whatever they join is one subject. */
  const joins = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 9,
  })
  const statementOf = ([a, b]: [number, number], place: number): Statement => ({
    system: 'erp',
    role: 'erp',
    type: 'order',
    externalId: `${place}`,
    keys: [key('order', `${a}`), key('order', `${b}`)],
    state: 'open',
    rawState: 'open',
    quantities: {},
    attributes: {},
    changedBy: { kind: 'unknown' },
    occurredAt: SIX,
    version: 1,
  })

  it('in any order, and by two processes at once, gives the same subjects', async () => {
    const heard = joins.chain((all) => {
      // Every order is somebody's before any two are joined.
      const alone = [...new Set(all.flat())].map((order): [number, number] => [order, order])
      const told = [...alone, ...all].map(statementOf)
      return fc.tuple(fc.constant(told), hearingOf(told.length, false))
    })
    await fc.assert(
      fc.asyncProperty(heard, ([told, hearing]) => hearAndCompare(told, hearing)),
      { numRuns: 25 },
    )
  }, 60_000)
})
