import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Card } from '../../../src/app/card.ts'
import { renderDialog } from '../../../src/surfaces/teams/dialog.ts'
import { LIMITS } from '../../../src/surfaces/teams/limits.ts'
import { decodeRef, encodeRef } from '../../../src/surfaces/teams/ref.ts'
import { renderMessage, renderTeamsCard } from '../../../src/surfaces/teams/render.ts'
import { checkActivity } from '../../support/teams/activity.ts'
import { card as anyCard, input } from '../slack/arbitrary-card.ts'
import { BY_HAND, button, CANCEL, exceptionCard } from '../slack/cards.ts'

const json = z.record(z.string(), z.unknown())
const onTheWire = (value: object) => json.parse(JSON.parse(JSON.stringify(value)))

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value))

describe('whatever a card holds', () => {
  it('Teams takes it: valid, within its size, with no mention that the card does not tell', () => {
    fc.assert(
      fc.property(anyCard, fc.constantFrom('post' as const, 'reply' as const), (card, as) => {
        const message = renderMessage({ ...card, tell: [] }, as)
        expect(checkActivity(onTheWire(message))).toEqual([])
        expect(bytesOf(message.attachments)).toBeLessThanOrEqual(LIMITS.cardBytes + 100)
        expect(message.attachments[0]?.content.msteams.entities).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('its form is one that Teams shows', () => {
    fc.assert(
      fc.property(fc.uniqueArray(input, { maxLength: 4, selector: ({ id }) => id }), (inputs) => {
        const pressed = { exception: '41', action: 'a', version: 1, on: 'post' as const }
        const dialog = renderDialog(exceptionCard(), button('a', 'A', { inputs }), pressed, new Date(0))
        expect(JSON.stringify(dialog)).toContain('"openedAt":0')
        expect(JSON.stringify(dialog)).not.toMatch(/[^\\]<at>/)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a card that is too large', () => {
  const rows = Array.from({ length: 500 }, (_, row) => [`ORDER-${row}-${'X'.repeat(120)}`, 'y'.repeat(200)])
  const huge: Card = exceptionCard()
  huge.blocks.unshift({ kind: 'table', title: 'Orders', columns: ['Order', 'Why'], rows })
  for (let i = 0; i < 50; i++) huge.blocks.unshift({ kind: 'text', text: 'wörd 🧾 '.repeat(500) })

  it('keeps title, systems and buttons, and says that it was shortened', () => {
    const text = JSON.stringify(renderTeamsCard(huge, 'post'))
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMITS.cardBytes)
    for (const kept of [
      'Receipt 1001 is not in the ERP',
      'wms',
      'Book the receipt',
      'Fixed by hand',
      'Shortened',
    ])
      expect(text).toContain(kept)
  })
})

it('a deadline says when how much was left: a message in Teams stands still', () => {
  const at = new Date('2026-11-23T12:30:00Z')
  const countdownFrom = new Date('2026-11-23T07:30:00Z')
  const card: Card = {
    ...exceptionCard(),
    blocks: [{ kind: 'time', label: 'Promised', at, countdownFrom }],
  }
  expect(JSON.stringify(renderTeamsCard(card, 'post'))).toContain(
    '{{TIME(2026-11-23T12:30:00Z)}} (5 h left at {{TIME(2026-11-23T07:30:00Z)}})',
  )
})

describe('a button', () => {
  const actionsOf = (card: Card, as: 'post' | 'reply') => {
    const set = z.looseObject({ type: z.literal('ActionSet'), actions: z.array(json) })
    return renderTeamsCard(card, as).body.flatMap((part) => set.safeParse(part).data?.actions ?? [])
  }

  it('without a question acts at once; with a form or a confirmation it opens a dialog', () => {
    const types = actionsOf(exceptionCard(), 'post').map(({ title, type, style }) => [title, type, style])
    expect(types).toEqual([
      ['Book the receipt', 'Action.Execute', 'positive'],
      [CANCEL.label, 'Action.Submit', 'destructive'],
      ['Dismiss', 'Action.Submit', undefined],
      [BY_HAND.label, 'Action.Submit', undefined],
    ])
  })

  it('knows where it stands', () => {
    const places = (card: Card, as: 'post' | 'reply') =>
      actionsOf(card, as).map(({ data }) => json.parse(data).on)
    expect(new Set(places(exceptionCard(), 'post'))).toEqual(new Set(['post']))
    expect(new Set(places(exceptionCard(), 'reply'))).toEqual(new Set(['card']))
    const list = { ...exceptionCard() }
    delete list.exception
    expect(new Set(places(list, 'post'))).toEqual(new Set(['list']))
  })
})

describe('a mention', () => {
  const told = (name: string, id: string) => ({ surface: 'teams', id, kind: 'person' as const, name })

  it('stands in the card as Teams looks for it, whatever the name holds', () => {
    const card = renderTeamsCard(exceptionCard({ tell: [told('*Zoë* </at><at>All', 't1:aad-1')] }), 'post')
    const [entity] = card.msteams.entities ?? []
    expect(entity?.mentioned.id).toBe('aad-1')
    expect(entity?.text).toMatch(/^<at>[\p{L} ]+<\/at>$/u)
    expect(JSON.stringify(card.body)).toContain(entity?.text)
  })

  it('of two people of one name is two, and of one person told twice is one', () => {
    const tell = [told('Jo Example', 't1:aad-1'), told('Jo Example', 't1:aad-2'), told('Jo', 't1:aad-1')]
    const { msteams, body } = renderTeamsCard(exceptionCard({ tell }), 'post')
    const entities = msteams.entities ?? []
    expect(entities.map(({ mentioned }) => mentioned.id)).toEqual(['aad-1', 'aad-2'])
    expect(new Set(entities.map(({ text }) => text)).size).toBe(2)
    for (const { text } of entities) expect(JSON.stringify(body)).toContain(text)
  })

  it('of a group is one of a tag; one of another platform is none', () => {
    const tell = [
      { surface: 'teams', id: 'tag-1', kind: 'group' as const, name: 'Early shift' },
      { surface: 'slack', id: 'S1', kind: 'group' as const, name: 'Late shift' },
    ]
    const { msteams } = renderTeamsCard(exceptionCard({ tell }), 'post')
    expect(msteams.entities).toEqual([
      {
        type: 'mention',
        text: '<at>Early shift</at>',
        mentioned: { id: 'tag-1', name: 'Early shift', type: 'tag' },
      },
    ])
  })
})

it('the name of a message is read as it was written, and nothing else is', () => {
  const post = { conversation: '19:a@thread.tacv2;messageid=17', message: '17' }
  expect(decodeRef(encodeRef(post))).toEqual(post)
  for (const other of ['', '17', 'C01:1.2', '|17', 'a|b|c', 'a b|c']) expect(decodeRef(other)).toBeNull()
})
