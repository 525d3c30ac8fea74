import { describe, expect, it } from 'vitest'
import type { Person } from '../../src/domain/model.ts'
import { decidePress, type PressedAction, type PressedException } from '../../src/domain/press.ts'
import { at } from '../support/objects.ts'

const ada: Person = { id: '1', name: 'Ada Example', role: 'operator' }
const bo: Person = { id: '2', name: 'Bo Example', role: 'operator' }
const lea: Person = { id: '3', name: 'Lea Example', role: 'lead' }

const open: PressedException = {
  state: 'open',
  version: 3,
  decidedBy: null,
  closedWords: '',
  awaiting: null,
  running: null,
}
const book: PressedAction = {
  label: 'Book the receipt',
  enabled: true,
  reason: null,
  role: 'operator',
  needsSecondPerson: false,
  approves: false,
}
const approve: PressedAction = { ...book, label: 'Approve', role: 'lead', approves: true }
const byBo = { personId: bo.id, name: bo.name, at: at(42), what: 'took it', onVersion: 3 }

type Asked = { person?: Person; version?: number }
const press = (
  exception: Partial<PressedException>,
  action: Partial<PressedAction> | null,
  { person = ada, version = 3 }: Asked = {},
) =>
  decidePress({ ...open, ...exception }, action && { ...book, ...action }, person, version, (when) =>
    when.toISOString().slice(11, 16),
  )

describe('a press', () => {
  it('acts', () => {
    expect(press({}, {})).toEqual({ result: 'acted', message: 'Book the receipt: started.' })
  })

  it('awaits approval where a second person is needed', () => {
    expect(press({}, { needsSecondPerson: true })).toMatchObject({ result: 'awaiting_approval' })
  })

  it('finds nothing to do when the world has healed meanwhile, and says how', () => {
    const healed = { state: 'healed' as const, version: 4, closedWords: 'Healed: the systems agree again.' }
    expect(press(healed, null)).toEqual({ result: 'nothing_to_do', message: healed.closedWords })
  })

  it('finds nothing to do where the action cannot work, and says why', () => {
    const cannot = press({}, { enabled: false, reason: 'It is picked already.' })
    expect(cannot).toEqual({ result: 'nothing_to_do', message: 'It is picked already.' })
  })

  it('has lost the race when somebody else decided on the card it was made on, and hears who won', () => {
    const lost = press({ version: 4, decidedBy: byBo }, {})
    expect(lost).toEqual({ result: 'lost_race', message: 'Bo Example was first: took it at 06:42.' })
  })

  it('has lost the race too when the winner has finished since', () => {
    const done = { state: 'resolved' as const, version: 6, decidedBy: byBo, closedWords: 'Resolved.' }
    expect(press(done, null)).toMatchObject({ result: 'lost_race' })
  })

  it('has not lost a race against its own earlier press: the card has only moved on', () => {
    expect(press({ version: 4, decidedBy: byBo }, {}, { person: bo })).toMatchObject({ result: 'stale' })
  })

  it('has not lost a race that was over before its card was drawn', () => {
    expect(press({ version: 4, decidedBy: byBo }, {}, { version: 4 })).toMatchObject({ result: 'acted' })
  })

  it('is stale when the card has changed without anybody deciding', () => {
    expect(press({ version: 5 }, {})).toMatchObject({ result: 'stale' })
  })

  it('is stale when the action is no longer offered, and hears what is running instead', () => {
    expect(press({}, null)).toEqual({
      result: 'stale',
      message: 'This is no longer offered here. Nothing was done.',
    })
    const running = { name: 'Bo Example', label: 'Book the receipt' }
    expect(press({ running }, null)).toEqual({
      result: 'stale',
      message: '"Book the receipt" by Bo Example is still running. Nothing was done.',
    })
  })

  it('is not allowed without the right, whatever else has happened: a stranger learns nothing', () => {
    const denied = press({ version: 4, decidedBy: byBo }, { role: 'lead' })
    expect(denied).toEqual({
      result: 'not_allowed',
      message: '"Book the receipt" needs the role lead; you are operator.',
    })
    expect(press({}, { role: 'operator' }, { person: lea })).toMatchObject({ result: 'acted' })
  })

  it('is never approved by the one who asked for it', () => {
    const asked = (personId: string) => ({ awaiting: { personId, name: 'x', label: 'y' } })
    expect(press(asked(lea.id), approve, { person: lea })).toMatchObject({ result: 'not_allowed' })
    expect(press(asked(ada.id), approve, { person: lea })).toMatchObject({ result: 'acted' })
  })

  it('may undo a dismissal on the card that shows it', () => {
    const dismissed = { state: 'dismissed' as const, decidedBy: { ...byBo, onVersion: 2 } }
    expect(press(dismissed, { label: 'Open it again' })).toMatchObject({ result: 'acted' })
  })
})
