import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/domain/contract/contract.ts'
import {
  type Decision,
  decide,
  type ExceptionState,
  healedBy,
  type Standing,
} from '../../src/domain/exception.ts'
import { at } from '../support/objects.ts'

const kept: Verdict = { is: 'kept', reason: 'reached' }
const unknown: Verdict = { is: 'unknown', waitingFor: 'the count in progress' }
const broken = (since: number, magnitude = 1): Verdict => ({
  is: 'broken',
  since: at(since),
  dueAt: at(since + 60),
  evidence: { sentence: 'a says so; b does not.', magnitude },
  graceWords: null,
})

type Before = {
  waits?: number
  state?: ExceptionState
  holds?: boolean
  magnitude?: number
  runActive?: boolean
}
const standing = ({ waits, state, holds = false, magnitude = 1, runActive = false }: Before): Standing => ({
  expectation: waits === undefined ? null : { since: at(waits), dueAt: at(waits + 60) },
  exception: state ? { state, since: at(0), dismissalHolds: holds, magnitude, runActive } : null,
})

type Asked = { now?: number; silent?: string | null; keepSince?: boolean }
const decided = (
  verdict: Verdict,
  before: Before,
  { now = 30, silent = null, keepSince = false }: Asked = {},
) => decide(verdict, standing(before), at(now), () => silent, keepSince)

const CLOSED: ExceptionState[] = ['resolved', 'healed', 'merged']

describe('what a verdict means for the exception', () => {
  const table: [string, Verdict, Before, Asked, Partial<Decision>][] = [
    ['a new break waits for its grace', broken(0), {}, {}, { do: 'expect', since: at(0), dueAt: at(60) }],
    ['a break that waits already changes nothing', broken(0), { waits: 0 }, {}, { do: 'nothing' }],
    [
      'a break whose due time moved waits anew',
      broken(5),
      { waits: 0 },
      {},
      { do: 'expect', since: at(5), dueAt: at(65) },
    ],
    [
      'an agreement is broken since it was first seen so',
      broken(5),
      { waits: 0 },
      { keepSince: true },
      { do: 'nothing' },
    ],
    [
      'a break opens at the very moment it is due',
      broken(0),
      { waits: 0 },
      { now: 60 },
      { do: 'open', since: at(0), dueAt: at(60) },
    ],
    ['a break that nobody waited for opens when it is overdue', broken(0), {}, { now: 90 }, { do: 'open' }],
    [
      'a due break waits while a system is silent',
      broken(0),
      { waits: 0 },
      { now: 60, silent: 'erp silent' },
      { do: 'wait', waitingFor: 'erp silent' },
    ],
    [
      'silence says nothing before the break is due',
      broken(0),
      {},
      { silent: 'erp silent' },
      { do: 'expect' },
    ],
    ['kept within the grace, nobody hears of it', kept, { waits: 0 }, {}, { do: 'forget' }],
    ['kept all along is no news', kept, {}, {}, { do: 'nothing' }],
    ['an open exception tells what is new', broken(0), { state: 'open' }, { now: 90 }, { do: 'update' }],
    [
      'an open exception goes on, whatever falls silent',
      broken(0),
      { state: 'open' },
      { now: 90, silent: 'erp' },
      { do: 'update' },
    ],
    ['an open exception heals when it is kept', kept, { state: 'open' }, {}, { do: 'close', as: 'healed' }],
    [
      'an open exception is resolved when a run did it',
      kept,
      { state: 'open', runActive: true },
      {},
      { do: 'close', as: 'resolved' },
    ],
    [
      'a dismissal holds while nothing gets worse',
      broken(0),
      { state: 'dismissed', holds: true, magnitude: 3 },
      { now: 90 },
      { do: 'nothing' },
    ],
    [
      'a dismissal gives way to something worse',
      broken(0, 4),
      { state: 'dismissed', holds: true, magnitude: 3 },
      { now: 90 },
      { do: 'open' },
    ],
    [
      'a worse break waits for its grace too',
      broken(0, 4),
      { state: 'dismissed', holds: true, magnitude: 3 },
      {},
      { do: 'expect' },
    ],
    [
      'no worse after all, the dismissal holds',
      broken(0, 3),
      { state: 'dismissed', holds: true, magnitude: 3, waits: 0 },
      {},
      { do: 'forget' },
    ],
    [
      'a dismissal ends when the contract is kept once',
      kept,
      { state: 'dismissed', holds: true },
      {},
      { do: 'release_dismissal' },
    ],
    [
      'after that the next break is news',
      broken(0),
      { state: 'dismissed', holds: false },
      { now: 90 },
      { do: 'open' },
    ],
    ['what is not known changes nothing', unknown, {}, {}, { do: 'nothing' }],
    ['what is not known does not close', unknown, { state: 'open' }, { now: 90 }, { do: 'nothing' }],
    [
      'what is due and not known waits, and says for what',
      unknown,
      { waits: 0 },
      { now: 60 },
      { do: 'wait', waitingFor: 'the count in progress' },
    ],
    ['what is not due and not known just waits', unknown, { waits: 0 }, {}, { do: 'nothing' }],
  ]
  it.each(table)('%s', (_name, verdict, before, asked, wanted) => {
    expect(decided(verdict, before, asked)).toMatchObject(wanted)
  })

  it.each(CLOSED)('%s: the next break is a new episode, after its grace', (state) => {
    expect(decided(broken(0), { state })).toMatchObject({ do: 'expect' })
    expect(decided(broken(0), { state }, { now: 60 })).toMatchObject({ do: 'open' })
    expect(decided(kept, { state })).toEqual({ do: 'nothing' })
  })

  it('asks for silence up to the due time of the break that stands', () => {
    const asked: Date[] = []
    const silent = (dueAt: Date) => {
      asked.push(dueAt)
      return null
    }
    decide(broken(20), standing({ waits: 0 }), at(99), silent, true)
    expect(asked).toEqual([at(60)])
  })
})

describe('who made the world right', () => {
  it.each([
    [{ kind: 'person', name: 'a clerk' }, 'a clerk, in the system itself'],
    [{ kind: 'person' }, 'a person in the system itself'],
    [{ kind: 'integration', name: 'EDI' }, 'the integration EDI'],
    [{ kind: 'integration' }, 'an integration'],
    [{ kind: 'unknown' }, 'unknown'],
    [undefined, 'unknown'],
  ] as const)('%o is %s', (changedBy, words) => {
    expect(healedBy(changedBy)).toBe(words)
  })
})
