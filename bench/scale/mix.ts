import type { NewSignal } from '../../src/app/records.ts'
import { STEPS_OF_AN_ORDER } from '../journey.ts'
import { deliveryKeyOf, signalOf, tellAt, tellOld } from './orders.ts'
import type { World } from './seed.ts'

/** Of the later news, so much is about any older order; the rest is about those still on their way. */
const OLD_SHARE = 0.1

/** Numbers between 0 and 1, the same ones every time: each size of world hears the same kind of day. */
const randomOf = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export type Mix = {
  /** So many signals as they come in now. */
  next(count: number): NewSignal[]
  /** The share of what was told so far that is about orders on their way, new ones among them. */
  hotShare(): number
  /** The last order there is. */
  orders(): number
}

/**
 * A day as it goes on: new orders, the next step of those on their way, and now and then one of long ago. Every step of
 * an order's life is told as often as every other, so that a world of any size hears the same kinds of news.
 */
export const mixOf = (world: World): Mix => {
  const random = randomOf(world.orders)
  const pick = (count: number): number => Math.floor(random() * count)
  /** Orders on their way, by the steps that they have behind them. */
  const onTheirWay = Array.from({ length: STEPS_OF_AN_ORDER }, (): number[] => [])
  for (let order = world.firstHot; order <= world.orders; order++) {
    onTheirWay[world.stepsOf(order)]?.push(order)
  }
  const told = { hot: 0, old: 0 }
  let orders = world.orders
  let steps: number[] = []

  const nextStep = (): number => {
    if (steps.length === 0) steps = Array.from({ length: STEPS_OF_AN_ORDER }, (_, step) => step)
    return steps.splice(pick(steps.length), 1)[0] ?? 0
  }
  const orderBefore = (step: number): number => {
    const waiting = onTheirWay[step] ?? []
    const [order] = waiting.splice(pick(waiting.length), 1)
    if (step > 0 && order !== undefined) return order
    if (step > 0) throw new Error(`No order has ${step} steps behind it`)
    return ++orders
  }
  const hotOrder = (at: Date): NewSignal => {
    const step = nextStep()
    const order = orderBefore(step)
    onTheirWay[step + 1]?.push(order)
    told.hot++
    return signalOf(tellAt(order, step, at), deliveryKeyOf(order, step), at)
  }
  const oldOrder = (at: Date): NewSignal => {
    const order = 1 + pick(world.firstHot - 1)
    const time = ++told.old
    return signalOf(tellOld(order, time, at), deliveryKeyOf(order, STEPS_OF_AN_ORDER + time), at)
  }
  return {
    next: (count) =>
      Array.from({ length: count }, () => (random() < OLD_SHARE ? oldOrder : hotOrder)(new Date())),
    hotShare: () => told.hot / (told.hot + told.old),
    orders: () => orders,
  }
}
