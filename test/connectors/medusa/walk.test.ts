import { describe, expect, it } from 'vitest'
import {
  continueLevels,
  continueWalk,
  LEVELS_START,
  WALK_START,
} from '../../../src/connectors/medusa/walk.ts'

type Row = { id: string; at: number }
const START = Date.parse('2026-11-23T06:00:00Z')
const HOUR = 3_600_000

/** A list that comes with its oldest change first, as the shop has it at the moment of each call. */
const oldestFirst =
  (rows: Row[], seen: string[]) => async (window: { from: Date; skip: number; limit: number }) => {
    const found = rows
      .filter((row) => row.at >= window.from.getTime())
      .sort((a, b) => a.at - b.at)
      .slice(window.skip, window.skip + window.limit)
    seen.push(...found.map(({ id }) => id))
    return { rows: found, changes: found.map(({ at }) => new Date(at)) }
  }
const newestFirst = (rows: Row[], seen: string[]) => async (window: { skip: number; limit: number }) => {
  const found = [...rows].sort((a, b) => b.at - a.at).slice(window.skip, window.skip + window.limit)
  seen.push(...found.map(({ id }) => id))
  return { rows: found, changes: found.map(({ at }) => new Date(at)) }
}
const rowsOf = (count: number, everyMs = HOUR): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, at: START + i * everyMs }))

describe('a walk from the oldest change to the newest', () => {
  it('misses nothing when rows change between two pages, and ends', async () => {
    const rows = rowsOf(10)
    const seen: string[] = []
    let cursor = WALK_START
    for (let page = 0; page < 20; page++) {
      const { next, more } = await continueWalk(cursor, 3, oldestFirst(rows, seen))
      cursor = next
      // A row that was read already moves to the end, and all behind it up by one.
      const first = rows[0]
      if (page === 0 && first) first.at = START + 20 * HOUR
      if (!more) break
    }
    expect(new Set(seen).size).toBe(10)
    expect(cursor).toEqual({ since: new Date(START + 20 * HOUR).toISOString() })
  })

  it('gets past more rows of one and the same time than a page holds', async () => {
    const rows = rowsOf(8, 0)
    const seen: string[] = []
    let cursor = WALK_START
    let pages = 0
    for (let more = true; more && pages < 20; pages++) {
      const page = await continueWalk(cursor, 3, oldestFirst(rows, seen))
      cursor = page.next
      more = page.more
    }
    expect(new Set(seen).size).toBe(8)
    expect(pages).toBeLessThan(20)
  })

  it('reads the last two minutes once more, and leaves the cursor where it was when nothing is new', async () => {
    const seen: string[] = []
    const rows = [...rowsOf(3), { id: 'late', at: START + 2 * HOUR - 60_000 }]
    const cursor = { since: new Date(START + 2 * HOUR).toISOString() }
    const { next, more } = await continueWalk(cursor, 50, oldestFirst(rows, seen))
    expect([seen, next, more]).toEqual([['late', 'r2'], cursor, false])
  })
})

describe('a walk from the newest change down to what is known', () => {
  it('stops where everything is known, and hears next time of what changed while it walked', async () => {
    const rows = rowsOf(10)
    const cursor = { since: new Date(START + 4 * HOUR).toISOString() }
    const seen: string[] = []
    const first = await continueLevels(cursor, 3, newestFirst(rows, seen))
    expect(first.more).toBe(true)
    const [oldest] = rows
    if (oldest) oldest.at = START + 30 * HOUR
    let walk = first.next
    for (let more = true; more; ) {
      const page = await continueLevels(walk, 3, newestFirst(rows, seen))
      walk = page.next
      more = page.more
    }
    expect(walk.since).toBe(new Date(START + 9 * HOUR).toISOString())
    expect(seen).toEqual(expect.arrayContaining(['r9', 'r8', 'r7', 'r6', 'r5']))
    const again: string[] = []
    await continueLevels(walk, 3, newestFirst(rows, again))
    expect(again).toContain('r0')
  })

  it('reads all of them at the start', async () => {
    const seen: string[] = []
    let walk = LEVELS_START
    for (let more = true; more; ) {
      const page = await continueLevels(walk, 3, newestFirst(rowsOf(7), seen))
      walk = page.next
      more = page.more
    }
    expect(new Set(seen).size).toBe(7)
  })
})
