import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Counted, type FeedFigures, HOUR_MS, judgeFeed } from '../../src/domain/feed.ts'

const LIMITS = { silentAfterMs: 600_000, tooFew: 0.25, tooMany: 10, unreadable: 0.2 }
const NOW = new Date('2026-11-23T10:00:00Z')
const MINUTE = 60_000
const ago = (ms: number): Date => new Date(NOW.getTime() - ms)

const counted = (facts: number, over: Partial<Counted> = {}): Counted => ({
  signals: facts,
  facts,
  unreadable: 0,
  longestGapMs: 2 * MINUTE,
  ...over,
})
const weeks = (...facts: number[]): Counted[] => facts.map((n) => counted(n))

/** A feed that is as it always is, at a hundred facts an hour. */
const figures = (over: Partial<FeedFigures> = {}): FeedFigures => ({
  now: NOW,
  missing: [],
  watchedSince: ago(24 * HOUR_MS),
  freshSince: null,
  read: { downSince: null, lastError: null, knownUpTo: ago(5_000) },
  lastSignalAt: ago(10_000),
  hour: counted(100),
  hours: weeks(80, 120, 95, 101),
  quiet: null,
  was: null,
  ...over,
})
const judged = (over: Partial<FeedFigures>) => judgeFeed(figures(over), LIMITS)
const FRESH = { is: 'fresh' }

describe('a feed', () => {
  it('that is as always is fresh', () => {
    expect(judged({})).toEqual(FRESH)
  })

  it('that cannot be read is silent since it went down, once that has lasted, and says what the system says', () => {
    const down = (ms: number) =>
      judged({
        read: { downSince: ago(ms), lastError: 'erp cannot be reached (ECONNREFUSED).', knownUpTo: null },
      })
    expect(down(9 * MINUTE)).toEqual(FRESH)
    expect(down(10 * MINUTE)).toEqual({
      is: 'silent',
      finding: 'unreachable',
      since: ago(10 * MINUTE),
      words: 'cannot be read. erp cannot be reached (ECONNREFUSED).',
    })
  })

  it('that answers and is not read to its end is silent, but not while news comes or the first reading lasts', () => {
    const behind = (over: Partial<FeedFigures>) =>
      judged({
        read: { downSince: null, lastError: null, knownUpTo: ago(HOUR_MS) },
        lastSignalAt: ago(HOUR_MS),
        ...over,
      })
    expect(behind({})).toMatchObject({ finding: 'unread', words: 'has not been read to its end for 60 min' })
    expect(behind({ lastSignalAt: ago(MINUTE) })).toEqual(FRESH)
    // Baton has just been started and is catching up.
    expect(behind({ watchedSince: ago(MINUTE) })).toEqual(FRESH)
    expect(judged({ read: { downSince: null, lastError: null, knownUpTo: null } })).toEqual(FRESH)
  })

  it('from which nothing comes is silent where much came in the same stretch of every week', () => {
    const quiet = (ms: number, ...before: Counted[]) =>
      judged({ lastSignalAt: ago(ms), quiet: { ms, weeks: before } })
    const busy = [31, 44, 38, 35].map((n) => counted(n, { longestGapMs: 3 * MINUTE }))
    expect(quiet(24 * MINUTE, ...busy)).toEqual({
      is: 'silent',
      finding: 'quiet',
      since: ago(24 * MINUTE),
      words:
        'nothing for 24 min; in the same 24 min of the last 4 weeks 31 to 44 signals came, never more than 3 min apart',
    })
    expect(quiet(24 * MINUTE, ...busy.slice(0, 3), counted(2))).toEqual(FRESH)
    expect(quiet(24 * MINUTE, ...busy.slice(0, 2))).toEqual(FRESH)
    expect(quiet(9 * MINUTE, ...busy)).toEqual(FRESH)
  })

  it('that comes in bursts is not silent between them', () => {
    const burst = counted(500, { longestGapMs: 50 * MINUTE })
    expect(
      judged({ lastSignalAt: ago(55 * MINUTE), quiet: { ms: 55 * MINUTE, weeks: [burst, burst, burst] } }),
    ).toEqual(FRESH)
  })

  it('that brings far too little is strange, and says the figures', () => {
    expect(judged({ hour: counted(3) })).toEqual({
      is: 'strange',
      finding: 'too_few',
      since: NOW,
      words: '3 facts in the last hour; usually 80 to 120 at this hour of the week',
    })
    expect(judged({ hour: counted(20) })).toEqual(FRESH)
  })

  it('that is quiet every week at this hour is not strange when it is quiet', () => {
    expect(judged({ hour: counted(0), hours: weeks(0, 3, 1, 2) })).toEqual(FRESH)
    // One holiday among the weeks is enough to know that it may be.
    expect(judged({ hour: counted(0), hours: weeks(100, 2, 100, 100) })).toEqual(FRESH)
  })

  it('that brings far too much is strange, but not when it makes up for an outage', () => {
    const flood = { hour: counted(1_201) }
    expect(judged(flood)).toMatchObject({
      is: 'strange',
      finding: 'too_many',
      words: '1201 facts in the last hour; usually 80 to 120 at this hour of the week',
    })
    expect(judged({ hour: counted(1_200) })).toEqual(FRESH)
    expect(judged({ ...flood, freshSince: ago(30 * MINUTE) })).toEqual(FRESH)
    expect(judged({ ...flood, watchedSince: ago(30 * MINUTE) })).toEqual(FRESH)
  })

  it('of which much cannot be read is strange, unless that has always been so', () => {
    const half = counted(50, { unreadable: 50 })
    expect(judged({ hour: half })).toMatchObject({
      is: 'strange',
      finding: 'unreadable',
      words: '50 of 100 rows of the last hour cannot be read; usually 0 of 396 at this hour of the week',
    })
    expect(judged({ hour: half, hours: [half, half, half] })).toEqual(FRESH)
    expect(judged({ hour: half, hours: weeks(10) })).toEqual(FRESH)
  })

  it('that is strange must come back well into the usual before it is called fresh', () => {
    const more = counted(30)
    expect(judged({ hour: more })).toEqual(FRESH)
    expect(judged({ hour: more, was: 'too_few' })).toMatchObject({ finding: 'too_few' })
    expect(judged({ hour: counted(41), was: 'too_few' })).toEqual(FRESH)
  })

  it('stays what it was called while Baton has not listened long enough to tell', () => {
    const started = { watchedSince: ago(MINUTE), hour: counted(3) }
    expect(judged({ ...started, was: 'too_few' })).toEqual({ is: 'unclear' })
    expect(judged(started)).toEqual(FRESH)
    expect(judged({ ...started, was: 'unreachable' })).toEqual(FRESH)
  })
})

describe('a feed whose sender numbers what it sends', () => {
  const hole = (first: number, last: number, since: Date) => ({ of: '3PL', first, last, since })

  it('is strange while numbers are missing, and names the first of them', () => {
    expect(judged({ missing: [hole(906, 907, ago(HOUR_MS)), hole(911, 911, ago(MINUTE))] })).toEqual({
      is: 'strange',
      finding: 'missing',
      since: ago(HOUR_MS),
      words: 'numbers 906 to 907 of 3PL never came, while 908 did, and another hole',
    })
    expect(judged({ missing: [hole(911, 911, ago(MINUTE))] })).toMatchObject({
      words: 'number 911 of 3PL never came, while 912 did',
    })
  })

  it('is fresh as soon as they have come, however short Baton has been there', () => {
    expect(judged({ was: 'missing', watchedSince: ago(MINUTE) })).toEqual(FRESH)
  })
})

describe('whatever the figures', () => {
  const count = fc.nat(5_000)
  const someCount = fc.record({
    signals: count,
    facts: count,
    unreadable: count,
    longestGapMs: fc.nat(HOUR_MS),
  })
  const someAgo = fc.nat(48 * HOUR_MS).map(ago)
  const someFigures: fc.Arbitrary<FeedFigures> = fc.record({
    now: fc.constant(NOW),
    missing: fc.constant([]),
    watchedSince: someAgo,
    freshSince: fc.option(someAgo),
    read: fc.option(
      fc.record({
        downSince: fc.option(someAgo),
        lastError: fc.option(fc.string()),
        knownUpTo: fc.option(someAgo),
      }),
    ),
    lastSignalAt: fc.option(someAgo),
    hour: someCount,
    hours: fc.array(someCount, { maxLength: 4 }),
    quiet: fc.option(fc.record({ ms: fc.nat(6 * HOUR_MS), weeks: fc.array(someCount, { maxLength: 4 }) })),
    was: fc.option(
      fc.constantFrom(
        'unreachable',
        'unread',
        'missing',
        'quiet',
        'unreadable',
        'too_few',
        'too_many' as const,
      ),
    ),
  })

  it('there is a verdict, always the same, whose words say a figure and whose beginning is past', () => {
    fc.assert(
      fc.property(someFigures, (it) => {
        const verdict = judgeFeed(it, LIMITS)
        expect(judgeFeed(structuredClone(it), LIMITS)).toEqual(verdict)
        if (verdict.is === 'fresh' || verdict.is === 'unclear') return
        expect(verdict.since <= NOW).toBe(true)
        if (verdict.finding !== 'unreachable') expect(verdict.words).toMatch(/\d/)
      }),
    )
  })

  it('without a history nothing is called strange, nor silent by comparison', () => {
    fc.assert(
      fc.property(someFigures, (it) => {
        const young = { ...it, hours: [], quiet: it.quiet && { ...it.quiet, weeks: [] }, was: null }
        const verdict = judgeFeed(young, LIMITS)
        const seenNow = verdict.is === 'silent' && ['unreachable', 'unread'].includes(verdict.finding)
        expect(verdict.is === 'fresh' || seenNow).toBe(true)
      }),
    )
  })

  it('a volume within what was seen in the weeks before is never strange', () => {
    fc.assert(
      fc.property(someFigures, fc.nat(100), (it, percent) => {
        const clean = it.hours.map((week) => ({ ...week, unreadable: 0 }))
        const facts = clean.map((week) => week.facts)
        const [least, most] = [Math.min(...facts, 5_000), Math.max(...facts, 0)]
        if (least > most) return
        const hour = { ...it.hour, facts: least + ((most - least) * percent) / 100, unreadable: 0 }
        const verdict = judgeFeed({ ...it, hour, hours: clean, was: null }, LIMITS)
        expect(verdict.is).not.toBe('strange')
      }),
    )
  })
})
