import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRedraw } from '../../src/app/redraw.ts'
import type { Delivered, SurfaceHost } from '../../src/app/surface.ts'
import { testDatabase } from '../support/database.ts'
import { dispatcher, type FakeChat, fakeChat, revisionOf } from '../support/fake-chat.ts'
import { createWorld, fulfillment, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let chat: FakeChat
let redraw: SurfaceHost['redraw']
beforeEach(async () => {
  world = await createWorld(database.url)
  chat = fakeChat('chat')
  redraw = createRedraw({ store: world.store, clock: world.clock, cardOf: revisionOf(world) })
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
  await deliver()
})
afterEach(() => world.close())

const deliver = (worker = 'here') => dispatcher(world, [chat.surface], { worker })(chat.surface)
/** A press that changes the card; `redrawn`: its surface shows that by itself. */
const press = (action: string) => world.press('ada', '1', action)
const shown = (ref = 'm1') => chat.messages.get(ref)?.shown
const behind = async () => {
  const [row] = await world.posts()
  return Number(row?.desired_revision) - Number(row?.posted_revision)
}
const calls = () => chat.calls.slice(1)

/** The other path to the message `m1`, as Slack's `response_url` is; stops in its middle for `during`. */
const throughUrl =
  (during: () => Promise<void> = async () => {}, ref = 'm1') =>
  async ({ summary }: { summary: string }): Promise<Delivered<null>> => {
    await during()
    const message = chat.messages.get(ref)
    if (message) message.shown = summary
    return { ok: true, value: null }
  }

describe('a card redrawn through another path', () => {
  it('costs the dispatcher no call', async () => {
    await press('claim')
    await redraw('1', 'chat', throughUrl(), 'm1')
    await deliver()
    expect(shown()).toBe('revision 2')
    expect(calls()).toEqual([])
    expect(await behind()).toBe(0)
  })

  it('that changed in its middle is brought on by the dispatcher, which waits for its end', async () => {
    await press('claim')
    await redraw(
      '1',
      'chat',
      throughUrl(async () => {
        await press('release')
        await deliver('other')
        expect(calls()).toEqual([])
      }),
      'm1',
    )
    expect(shown()).toBe('revision 2')
    expect((await world.jobs()).map(({ key }) => key)).toContain('deliver:chat')
    await deliver()
    expect(shown()).toBe('revision 3')
    expect(await behind()).toBe(0)
  })

  it('is left to the dispatcher where that is at it, and what comes meanwhile is not lost', async () => {
    await press('claim')
    chat.during = async () => {
      chat.during = async () => {}
      await press('release')
      await redraw('1', 'chat', () => Promise.reject(new Error('two writers')), 'm1')
    }
    await deliver()
    expect(shown()).toBe('revision 3')
    expect(calls()).toEqual(['update m1', 'update m1'])
  })

  it.each([
    [
      'says that it failed',
      async () => ({ ok: false as const, failure: { is: 'gone' as const, words: 'x' } }),
    ],
    ['throws', () => Promise.reject(new Error('socket hang up'))],
  ])('that %s is shown by the dispatcher', async (_, write) => {
    await press('claim')
    await redraw('1', 'chat', write, 'm1')
    expect(await behind()).toBe(1)
    await deliver()
    expect(shown()).toBe('revision 2')
  })

  it('is not written over a message that is not its post', async () => {
    await press('claim')
    await redraw('1', 'chat', () => Promise.reject(new Error('written')), 'm7')
    await deliver()
    expect(calls()).toEqual(['update m1'])
  })

  it('by a writer that was away for longer than its lease is drawn again: it may have put something old there', async () => {
    await press('claim')
    await redraw(
      '1',
      'chat',
      throughUrl(async () => {
        world.pass(31_000)
        await press('release')
        await deliver('other')
        expect(shown()).toBe('revision 3')
      }),
      'm1',
    )
    expect(shown()).toBe('revision 2')
    await deliver()
    expect(shown()).toBe('revision 3')
    expect(await behind()).toBe(0)
  })

  it('that the dispatcher overwrites too late is drawn again by it', async () => {
    await press('claim')
    let wakeUp = () => {}
    chat.during = () => {
      chat.during = async () => {}
      return new Promise((resolve) => {
        wakeUp = resolve
      })
    }
    const late = deliver('late')
    await expect.poll(calls).toEqual(['update m1'])
    world.pass(31_000)
    await press('release')
    await redraw('1', 'chat', throughUrl(), 'm1')
    expect(shown()).toBe('revision 3')
    wakeUp()
    await late
    expect(shown()).toBe('revision 3')
    expect(calls()).toEqual(['update m1', 'update m1'])
    expect(await behind()).toBe(0)
  })

  it('by a writer that comes too late while the next one is at it ends in what is true, whoever came last', async () => {
    await press('claim')
    let wakeUp = () => {}
    const late = redraw(
      '1',
      'chat',
      throughUrl(
        () =>
          new Promise((resolve) => {
            wakeUp = resolve
          }),
      ),
      'm1',
    )
    await expect.poll(async () => (await world.posts())[0]?.lease_by).toMatch(/^redraw/)
    world.pass(31_000)
    await press('release')
    chat.after = async () => {
      chat.after = async () => {}
      wakeUp()
      await late
    }
    await deliver()
    expect(shown()).toBe('revision 3')
    expect(await behind()).toBe(0)
  })
})

describe('what comes of a press', () => {
  const changed = () =>
    world.store.transaction((tx) =>
      tx.wantPosts(
        [{ card: '1', surface: 'chat', channel: 'orders', revision: 9, show: 'in_place' }],
        world.clock(),
      ),
    )
  const due = async () => {
    const [row] = await world.posts()
    const at = new Date(String(row?.next_attempt_at)).getTime()
    return { priority: row?.priority, inMs: Math.max(0, at - world.clock().getTime()) }
  }

  it('within a minute is drawn at once and like a press: somebody waits for it', async () => {
    await press('claim')
    await deliver()
    world.pass(59_000)
    await changed()
    expect(await due()).toEqual({ priority: 0, inMs: 0 })
  })

  it('later waits for further changes, and comes last', async () => {
    await press('claim')
    await deliver()
    world.pass(61_000)
    await changed()
    expect(await due()).toEqual({ priority: 3, inMs: 3_000 })
  })

  it('that nobody pressed for waits as well', async () => {
    await changed()
    expect(await due()).toEqual({ priority: 3, inMs: 3_000 })
  })
})
