import { describe, expect, it } from 'vitest'
import { operator, pressed, say } from '../support/command-world.ts'

describe('what somebody types', () => {
  it.each([
    '/baton open',
    '@Baton open',
    'Baton, open',
    '<@U123> open',
    '<@U123|baton> open',
    '<at>Baton</at> open',
    ' \n open \t',
    '/open',
    'op',
  ])('is understood in %j', async (text) => {
    expect((await say(text)).command).toBe('open')
  })

  it('runs a corrected command only when its button is pressed, with what came after it', async () => {
    const answer = await say('darg last week')
    expect(answer).toMatchObject({ command: null })
    expect(answer.text).toContain('I do not know "darg". Did you mean "drag"?')
    expect((await pressed('drag', answer, {})).card.title).toContain('Drag: last week')
  })

  it('offers to look for a bare number', async () => {
    const answer = await say('TRK-99 81')
    expect(answer.buttons.map(({ text }) => text)).toContain('find TRK-99 81')
  })

  it('names what there is when nothing is near, but never what the asker may not run', async () => {
    const answer = await say('please', {}, operator)
    expect(answer.text).toContain(
      'I do not know "please". I know today, open, find, mine, history, fix and help.',
    )
    expect((await say('darg', {}, operator)).text).not.toContain('drag')
  })

  it('says back only the beginning of a very long word', async () => {
    const answer = await say('x'.repeat(5000))
    expect(answer.text.length).toBeLessThan(300)
  })
})
