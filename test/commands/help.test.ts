import { describe, expect, it } from 'vitest'
import { lead, operator, say } from '../support/command-world.ts'

describe('help', () => {
  it('lists only what the asker may run', async () => {
    expect((await say('help', {}, lead)).text).toContain('drag [period]: The hours')
    const forOperator = (await say('help', {}, operator)).text
    expect(forOperator).toContain('find <order|sku|tracking>: One order')
    expect(forOperator).not.toContain('drag')
  })

  it.each(['', '?', '/baton', 'HELP', 'hi'])('answers %j', async (text) => {
    expect((await say(text)).card.title).toBe('What you can ask')
  })

  it.each(['help find', 'help search', 'help fin', 'help fnid'])(
    'shows usage and examples for %j',
    async (text) => {
      const answer = await say(text)
      expect(answer.text).toContain('Usage: find <order|sku|tracking>')
      expect(answer.buttons.map((button) => button.text)).toContain('find 1001')
    },
  )

  it('tells nothing of a command that the asker may not run', async () => {
    const answer = await say('help drag', {}, operator)
    expect(answer.text).toContain('There is no command "drag" that you may run.')
    expect(answer.text).not.toContain('[period]')
  })
})
