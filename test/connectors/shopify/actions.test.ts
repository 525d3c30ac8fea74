import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ActionInput, Aim, RoutingAction } from '../../../src/app/connector.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import { type ShopDouble, startShop } from '../../support/shopify/double.ts'
import type { Order, OrderWanted, Part } from '../../support/shopify/world.ts'
import { connect, subjectOf } from './harness.ts'

let shop: ShopDouble
beforeEach(async () => {
  shop = await startShop()
})
afterEach(() => shop.stop())

const actionOf = (id: string): RoutingAction => {
  const action = connect(shop).actions.find((candidate) => candidate.id === id)
  if (!action) throw new Error(`no action ${id}`)
  return action
}
const partOf = ({ parts: [part] }: Order): Part => {
  if (!part) throw new Error('the order has nothing to send')
  return part
}
const subjectFor = (order: Order, wms: object = {}): Promise<SubjectView> =>
  subjectOf(shop, 'fulfillment', { name: 'order', value: order.name.slice(1) }, [
    { role: 'wms', type: 'fulfillment', externalId: 'D1', state: 'ready', attributes: {}, ...wms },
  ])
const inputFor = (aim: Aim, values: ActionInput['values'] = {}): ActionInput => {
  if (aim === null || 'unavailable' in aim) throw new Error(`not due: ${JSON.stringify(aim)}`)
  return { target: aim, values, signal: AbortSignal.timeout(20_000) }
}

describe('releasing a hold', () => {
  it('releases the one that the person saw, and no other', async () => {
    const order = shop.world.order()
    shop.world.hold(partOf(order), 'HIGH_RISK_OF_FRAUD', { handle: null, own: false, app: 'Guard' })
    const upsell = shop.world.hold(partOf(order), 'OTHER', { handle: null, own: false, app: 'Upsell' })
    const release = actionOf('release_hold')
    const input = inputFor(release.target(await subjectFor(order)))
    const before = await release.read(input)
    await release.act(input, 'key')
    const compared = release.compare(input, before, await release.read(input))
    expect(partOf(order).holds).toEqual([upsell])
    expect(compared).toMatchObject({ is: 'changed', words: expect.stringContaining('on hold') })
  })

  it('is taken back by a hold for the same reason, unless somebody else holds it by then', async () => {
    const order = shop.world.order()
    shop.world.hold(partOf(order), 'HIGH_RISK_OF_FRAUD', { handle: null, own: false, app: 'Guard' })
    const release = actionOf('release_hold')
    const input = inputFor(release.target(await subjectFor(order)))
    const before = await release.read(input)
    await release.act(input, 'key')
    const done = { target: input.target, values: {}, before, after: await release.read(input) }
    const undo = async () => release.undo?.target?.(await subjectFor(order), done) ?? null
    const hold = actionOf(release.undo?.action ?? '')
    const back = inputFor(await undo())
    expect(hold.precondition(back, await hold.read(back))).toEqual({ is: 'ready' })
    await hold.act(back, 'undo-key')
    expect(partOf(order).holds).toMatchObject([{ reason: 'HIGH_RISK_OF_FRAUD', app: 'Baton' }])
    expect(await undo()).toEqual({ unavailable: 'The order is on hold by now' })
  })
})

describe('an order in several parts', () => {
  const inTwo = async () => {
    const order = shop.world.order()
    const [, south] = shop.world.places
    if (south) shop.world.part(order, south, order.lines)
    const [first, second] = order.parts
    if (!first || !second) throw new Error('the order is in one part')
    return { order, first, second }
  }

  it('is released where it is held, and held where it is not', async () => {
    const { order, first, second } = await inTwo()
    shop.world.hold(second, 'OTHER', { handle: null, own: false })
    const subject = await subjectFor(order)
    expect(actionOf('release_hold').target(subject)).toMatchObject({ externalId: String(second.id) })
    expect(actionOf('place_hold').target(subject)).toMatchObject({ externalId: String(first.id) })
  })

  it('takes a number for the part that is sent from there, and otherwise for none', async () => {
    const { order, second } = await inTwo()
    const from = async (location: string) =>
      actionOf('pass_tracking').target(
        await subjectFor(order, { state: 'shipped', attributes: { tracking: 'TRK-1', location } }),
      )
    expect(await from('South')).toMatchObject({ externalId: String(second.id) })
    expect(await from('Moon')).toMatchObject({ unavailable: expect.stringContaining('several parts') })
  })
})

describe('a note on the order', () => {
  const annotate = async (order: Order, note: string) => {
    const action = actionOf('annotate')
    const input = inputFor(action.target(await subjectFor(order)), { note })
    const before = await action.read(input)
    const ready = action.precondition(input, before)
    if (ready.is === 'ready') await action.act(input, 'key')
    return { ready, compared: action.compare(input, before, await action.read(input)) }
  }

  it('stands there with a tag beside the tags that the order has', async () => {
    const order = shop.world.order({ tags: ['gift'] })
    expect((await annotate(order, 'Back by noon')).compared).toMatchObject({
      is: 'changed',
      words: expect.stringContaining('"Back by noon"'),
    })
    expect(order).toMatchObject({ tags: ['gift', 'baton'], note: 'Back by noon' })
    expect((await annotate(order, 'Back by noon')).ready).toMatchObject({ is: 'already_done' })
    expect((await annotate(order, 'Back by one')).compared).toMatchObject({ is: 'changed' })
    expect(order).toMatchObject({ tags: ['gift', 'baton'], note: 'Back by one' })
  })

  it('is not written over one that somebody else has written at that moment', async () => {
    const order = shop.world.order()
    const action = actionOf('annotate')
    const input = inputFor(action.target(await subjectFor(order)), { note: 'Mine' })
    // The tag is what is written first.
    const touch = shop.world.touch.bind(shop.world)
    shop.world.touch = (...what) => {
      order.note = 'Theirs'
      touch(...what)
    }
    await expect(action.act(input, 'key')).rejects.toMatchObject({
      failure: 'ambiguous',
      message: expect.stringContaining('updated since'),
    })
    expect(order.note).toBe('Theirs')
  })
})

describe('holding', () => {
  it('is taken back by releasing the hold that was placed, whatever others there are by then', async () => {
    const order = shop.world.order()
    const hold = actionOf('place_hold')
    const input = inputFor(hold.target(await subjectFor(order)))
    const before = await hold.read(input)
    await hold.act(input, 'key')
    const after = await hold.read(input)
    shop.world.hold(partOf(order), 'HIGH_RISK_OF_FRAUD', { handle: null, own: false, app: 'Guard' })
    const done = { target: input.target, values: {}, before, after }
    const undo = inputFor(hold.undo?.target?.(await subjectFor(order), done) ?? null)
    await actionOf(hold.undo?.action ?? '').act(undo, 'undo-key')
    expect(partOf(order).holds.map(({ app }) => app)).toEqual(['Guard'])
  })

  it('states the reason that the subject knows', async () => {
    const order = shop.world.order()
    const hold = actionOf('place_hold')
    const subject = await subjectFor(order, { state: 'held', attributes: { holdReason: 'bad_address' } })
    await hold.act(inputFor(hold.target(subject)), 'key')
    expect(partOf(order).holds[0]?.reason).toBe('INCORRECT_ADDRESS')
  })
})

describe('sending it from another place', () => {
  it('is still found after the move, which goes on under another id', async () => {
    const order = shop.world.order()
    const move = actionOf('move_fulfillment')
    const subject = await subjectFor(order, { attributes: { location: 'South' } })
    const input = inputFor(move.target(subject))
    const before = await move.read(input)
    await move.act(input, 'key')
    const after = await move.read(input)
    expect(order.parts.map(({ status }) => status)).toEqual(['CLOSED', 'OPEN'])
    expect(move.compare(input, before, after)).toMatchObject({ is: 'changed' })
    const back = move.undo?.target?.(await subjectFor(order), {
      target: input.target,
      values: {},
      before,
      after,
    })
    expect(back).toMatchObject({ externalId: String(order.parts[1]?.id), params: { location: 'North' } })
  })

  it.each(['SUBMITTED', 'ACCEPTED', 'CANCELLATION_REQUESTED'])(
    'is not offered while its warehouse has the request (%s)',
    async (requestStatus) => {
      const order = shop.world.order()
      partOf(order).requestStatus = requestStatus
      const subject = await subjectFor(order, { attributes: { location: 'South' } })
      expect(actionOf('move_fulfillment').target(subject)).toMatchObject({
        unavailable: expect.stringContaining('give it back'),
      })
    },
  )

  it('to a place that the shop does not know is refused, and nothing is changed', async () => {
    const order = shop.world.order()
    const move = actionOf('move_fulfillment')
    const input = inputFor(move.target(await subjectFor(order, { attributes: { location: 'Moon' } })))
    await expect(move.act(input, 'key')).rejects.toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('Moon'),
    })
    expect(shop.world.effects).toBe(0)
  })
})

describe('what the shop does not let anybody do', () => {
  it.each(['place_hold', 'move_fulfillment'])(
    '%s is shown with the reason where another system fulfils the order',
    async (id) => {
      const order = shop.world.order()
      partOf(order).external = true
      const aim = actionOf(id).target(await subjectFor(order, { attributes: { location: 'South' } }))
      expect(aim).toMatchObject({ unavailable: expect.stringContaining('Another system') })
    },
  )

  it.each(['cancel_order', 'cancel_line'])(
    '%s is shown with the reason where a marketplace owns the order',
    async (id) => {
      const subject = await subjectFor(shop.world.order({ source: 'amazon' }))
      expect(actionOf(id).target(subject)).toMatchObject({ unavailable: expect.stringContaining('amazon') })
    },
  )

  it('is refused without a call where it has become impossible since the card was drawn', async () => {
    const order = shop.world.order()
    const hold = actionOf('place_hold')
    const input = inputFor(hold.target(await subjectFor(order)))
    partOf(order).status = 'IN_PROGRESS'
    expect(hold.precondition(input, await hold.read(input))).toMatchObject({ is: 'impossible' })
    await expect(hold.act(input, 'key')).rejects.toMatchObject({ failure: 'refused' })
    expect(shop.calls).not.toContain('PlaceHold')
  })
})

describe('setting the stock', () => {
  const due = async () => {
    const level = shop.world.level('MUG-RED', 7)
    const subject = await subjectOf(shop, 'stock', { name: 'stock', value: 'MUG-RED@North' }, [
      { role: 'wms', type: 'inventory', externalId: 'S1', state: 'level', quantities: { on_hand: 5 } },
    ])
    return { level, subject, action: actionOf('adjust_stock') }
  }

  it('does nothing, and says so, when the shop has moved meanwhile', async () => {
    const { level, subject, action } = await due()
    const input = inputFor(action.target(subject))
    level.quantities.on_hand = 6
    expect(action.precondition(input, await action.read(input))).toMatchObject({
      is: 'impossible',
      words: expect.stringContaining('6 by now'),
    })
    // Also when it moves between the look and the call: Shopify compares once more.
    await expect(action.act(input, 'key')).rejects.toMatchObject({ failure: 'refused' })
    expect(level.quantities.on_hand).toBe(6)
  })

  it('is sized by how far the two are apart', async () => {
    const { subject, action } = await due()
    expect(action.magnitude?.(subject)).toBe(2)
  })
})

describe('cancelling', () => {
  it('is done when the shop has done it, and not when it has accepted it', async () => {
    const order = shop.world.order()
    const cancel = actionOf('cancel_order')
    const input = inputFor(cancel.target(await subjectFor(order)))
    const before = await cancel.read(input)
    await cancel.act(input, 'key')
    expect(order.cancelledAt).not.toBeNull()
    expect(cancel.compare(input, before, await cancel.read(input))).toMatchObject({ is: 'changed' })
  })

  it('too late is impossible: a part has been sent', async () => {
    const order = shop.world.order()
    const cancel = actionOf('cancel_order')
    const input = inputFor(cancel.target(await subjectFor(order)))
    shop.world.fulfil(partOf(order), 'TRK-1', null)
    expect(cancel.precondition(input, await cancel.read(input))).toMatchObject({ is: 'impossible' })
  })
})

describe('taking an article off the order', () => {
  const due = async (wanted: OrderWanted, values: ActionInput['values']) => {
    const order = shop.world.order(wanted)
    const action = actionOf('cancel_line')
    const subject = await subjectFor(order)
    return { order, action, subject, input: inputFor(action.target(subject), values) }
  }

  it('offers the articles of the order, and leaves the others alone', async () => {
    const lines = [
      { sku: 'MUG', quantity: 3 },
      { sku: 'PEN', quantity: 2 },
    ]
    const { order, action, subject, input } = await due({ lines }, { sku: 'MUG', keep: 0 })
    expect(action.inputs?.(subject)[0]).toMatchObject({
      options: [
        { value: 'MUG', label: 'MUG (3)' },
        { value: 'PEN', label: 'PEN (2)' },
      ],
    })
    await action.act(input, 'key')
    expect(order.lines.map(({ quantity }) => quantity)).toEqual([0, 2])
  })

  it('that stands on two lines is left to a person', async () => {
    const lines = [
      { sku: 'MUG', quantity: 1 },
      { sku: 'MUG', quantity: 1 },
    ]
    const { action, input } = await due({ lines }, { sku: 'MUG', keep: 0 })
    expect(action.precondition(input, await action.read(input))).toMatchObject({ is: 'impossible' })
  })
})

describe('passing on a number', () => {
  it('does not say that all is on its way when a part is', async () => {
    const subject = await subjectFor(shop.world.order(), {
      state: 'shipped',
      attributes: { tracking: 'TRK-1' },
      quantities: { shipped: 1 },
    })
    expect(actionOf('pass_tracking').target(subject)).toMatchObject({
      unavailable: expect.stringContaining('1 of 2'),
    })
  })
})

describe('the date', () => {
  it('of what is not due yet is the day on which it becomes due', async () => {
    const order = shop.world.order()
    partOf(order).status = 'SCHEDULED'
    const promise = actionOf('update_promise')
    const input = inputFor(promise.target(await subjectFor(order)), { date: '2026-12-24' })
    await promise.act(input, 'key')
    expect(partOf(order)).toMatchObject({ fulfillAt: '2026-12-24T23:59:59.000Z', fulfillBy: null })
  })

  it('that is none is not sent', async () => {
    const promise = actionOf('update_promise')
    const input = inputFor(promise.target(await subjectFor(shop.world.order())), { date: 'soon' })
    expect(promise.precondition(input, await promise.read(input))).toMatchObject({ is: 'impossible' })
  })
})

describe('a lost parcel', () => {
  const lost = async (tracking = 'TRK-1') => {
    const order = shop.world.order()
    shop.world.fulfil(partOf(order), tracking, null)
    const subject = await subjectOf(shop, 'parcel', { name: 'tracking', value: tracking })
    return { order, subject }
  }

  it('has a tag of its own, also where its number differs from another in its last digits alone', async () => {
    const order = shop.world.order()
    const numbers = ['9400111899223100001234', '9400111899223100001241']
    const tags: unknown[] = []
    for (const number of numbers) shop.world.fulfil(partOf(order), number, null)
    for (const value of numbers) {
      const subject = await subjectOf(shop, 'parcel', { name: 'tracking', value })
      tags.push(inputFor(actionOf('reship').target(subject)).target.params.tag)
    }
    expect(new Set(tags).size).toBe(2)
    for (const tag of tags) expect(String(tag).length).toBeLessThanOrEqual(40)
  })

  it('is sent again as an order of no price, to the same address, under a tag that is found again', async () => {
    const { order, subject } = await lost()
    const reship = actionOf('reship')
    const input = inputFor(reship.target(subject))
    const before = await reship.read(input)
    await reship.act(input, 'key')
    const [, again] = shop.world.orders
    expect(again?.lines).toMatchObject([{ sku: 'MUG-RED', quantity: 2, price: 0 }])
    expect(again?.tags).toEqual([`reship:${order.id}-trk-1`])
    const after = await reship.read(input)
    expect(reship.compare(input, before, after)).toMatchObject({ is: 'changed' })
    // What was read for it to be sent stays nowhere.
    expect(JSON.stringify([before, after])).not.toMatch(/Quilla|Imaginary/)
  })

  it('is refunded as far as it is not refunded yet', async () => {
    const { order, subject } = await lost()
    const [line] = order.lines
    if (line) line.refundable = 1
    const refund = actionOf('refund')
    const input = inputFor(refund.target(subject))
    await refund.act(input, 'key')
    expect(order.refunded).toBe(1250)
    expect(refund.precondition(input, await refund.read(input))).toMatchObject({ is: 'already_done' })
  })
})
