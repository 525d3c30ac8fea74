import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { admin, lead, pressed, say } from '../support/command-world.ts'

const PLAN = {
  from: 'order 1001',
  out: 'sale S900',
  moves: ['erp order S900'],
  stays: ['shop order 1001', 'wms fulfillment D1'],
  open: 1,
}

describe('split', () => {
  it('says what would go where, and does it only when that is confirmed', async () => {
    const done: string[] = []
    const world = {
      desk: {
        planSplit: async () => PLAN,
        split: async (from: string, out: string, by: { name: string }) => {
          done.push(`${by.name}: ${from} ${out}`)
          return PLAN
        },
      },
    }
    const asked = await say('split 1001 S900', world, admin)
    expect(asked.text).toContain('sale S900 would be taken out of order 1001, for good')
    expect(asked.text).toContain('1 exception')
    expect(asked.text).toContain('shop order 1001; wms fulfillment D1')
    expect(done).toEqual([])
    const split = await pressed('Split them', asked, world, admin)
    expect(done).toEqual(['Cy Example: 1001 S900'])
    expect(split.text).toContain('sale S900 is no part of order 1001 any more')
    expect(split.buttons).toMatchObject([{ text: 'join 1001 S900', label: 'Take it back' }])
  })

  it('says why nothing was done', async () => {
    const refuse = async () => {
      throw new UserError('"7" and "8" are not one subject: there is nothing to split.')
    }
    const { text } = await say('split 7 8', { desk: { planSplit: refuse } }, admin)
    expect(text).toContain('there is nothing to split')
  })

  it.each(['split', 'split 1001', 'split 1001 S9 please'])('asks for two numbers: %s', async (typed) => {
    expect((await say(typed, {}, admin)).text).toContain('split <order or number> <number to take out>')
  })

  it.each(['split 1001 S900', 'join 1001 S900', 'unmap erp location 001'])(
    'is for admins: %s',
    async (typed) => {
      expect((await say(typed, {}, lead)).command).toBeNull()
    },
  )
})

describe('join', () => {
  it('takes a split back', async () => {
    const desk = { join: async () => ({ into: 'order 1001', other: 'sale S900' }) }
    const { text, buttons } = await say('join 1001 S900', { desk }, admin)
    expect(text).toContain('sale S900 is part of order 1001 again')
    expect(buttons).toMatchObject([{ text: 'find 1001' }])
  })
})

describe('unmap', () => {
  it('forgets a name, however many words it has', async () => {
    const asked: string[][] = []
    const desk = {
      unmap: async (...args: string[]) => {
        asked.push(args)
        return 'MAIN'
      },
    }
    const { text } = await say('unmap erp Location Main Street 1', { desk }, admin)
    expect(asked).toEqual([['erp', 'location', 'Main Street 1']])
    expect(text).toContain('does not mean "MAIN" any more')
  })
})
