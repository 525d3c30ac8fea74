import { describe, expect, it } from 'vitest'
import { exception, lead, operator, pressed, say } from '../support/command-world.ts'

const world = {
  rows: [exception('1'), exception('2'), exception('3', { state: 'resolved' })],
  handled: { [operator.id]: ['2', '3'] },
}

describe('mine', () => {
  it('lists what the asker handled and is still open, and nothing of others', async () => {
    const answer = await say('mine', world, operator)
    expect(answer.text).toContain('1 exception that you have claimed or acted on is open.')
    expect(answer.buttons.map(({ text }) => text)).toEqual(['open 2'])
  })

  it('offers all that is open to somebody with nothing of their own', async () => {
    const answer = await say('my', world, lead)
    expect(answer.text).toContain('Nothing that you have claimed or acted on is open.')
    expect((await pressed('All that is open', answer, world)).text).toContain('Open: 2 exceptions')
  })

  it('pages a long list', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => exception(`${i + 1}`))
    const many = { rows, handled: { [operator.id]: rows.map(({ id }) => id) } }
    const second = await pressed('More', await say('mine', many, operator), many, operator)
    expect(second.buttons.map(({ text }) => text)).toEqual(['open 11', 'open 12'])
  })
})
