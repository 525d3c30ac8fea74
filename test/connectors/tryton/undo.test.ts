import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  ActionInput,
  ActionTarget,
  Aim,
  Connector,
  Done,
  RoutingAction,
} from '../../../src/app/connector.ts'
import { startTryton, type TrytonDouble } from '../../support/tryton/double.ts'
import { connectorAt, shopOrder, watch } from '../../support/tryton/rig.ts'
import { createTester, type Tester } from '../../support/tryton/tester.ts'

const SKU = 'MUG-1'
const ORDER = 'WEB-1'
const OUT = 'stock.shipment.out'

type Name = 'erp' | 'wms'
let doubles: Record<Name, TrytonDouble>
let testers: Record<Name, Tester>
let connectors: Record<Name, Connector>
beforeEach(async () => {
  doubles = { erp: await startTryton('erp'), wms: await startTryton('wms') }
  const at = (name: Name) => `${doubles[name].url}/${name}/`
  const { password } = doubles.erp
  testers = {
    erp: await createTester(at('erp'), 'bot', password),
    wms: await createTester(at('wms'), 'bot', password),
  }
  connectors = { erp: connectorAt('erp', at('erp'), password), wms: connectorAt('wms', at('wms'), password) }
  await testers.erp.makeProduct(SKU, true)
  await testers.wms.makeProduct(SKU, false)
  await testers.erp.setStock(SKU, 9)
  await testers.wms.setStock(SKU, 6)
})
afterEach(() => Promise.all([doubles.erp.stop(), doubles.wms.stop()]))

const orderNow = (held: boolean) =>
  watch(connectors)('order', '1', [shopOrder('1', `${SKU}*2`, held ? 'held' : 'confirmed')])
const stockNow = () => watch(connectors)('stock', `${SKU}@WH`, [])

const actionOf = (name: Name, id: string): RoutingAction => {
  const found = connectors[name].actions.find((action) => action.id === id)
  if (!found) throw new Error(`No ${id}`)
  return found
}
const aimed = (aim: Aim): ActionTarget => {
  if (aim === null || 'unavailable' in aim) throw new Error(`Not due: ${JSON.stringify(aim)}`)
  return aim
}
const inputTo = (target: ActionTarget): ActionInput => ({
  target,
  values: {},
  signal: AbortSignal.timeout(5_000),
})
/** Read, act, read again: as a run does it. Answers what the run keeps of it. */
const run = async (action: RoutingAction, target: ActionTarget): Promise<Done> => {
  const before = await action.read(inputTo(target))
  expect(action.precondition(inputTo(target), before)).toEqual({ is: 'ready' })
  await action.act(inputTo(target), 'key')
  const after = await action.read(inputTo(target))
  expect(action.compare(inputTo(target), before, after)).toMatchObject({ is: 'changed' })
  return JSON.parse(JSON.stringify({ target, values: {}, before, after }))
}
const undoOf = (action: RoutingAction) => {
  const { undo } = action
  if (!undo?.target) throw new Error(`Nothing takes ${action.id} back`)
  return { action: undo.action, target: undo.target }
}

describe('what is taken back in Tryton', () => {
  it('a hold: it is reserved again', async () => {
    await testers.wms.makeDelivery(ORDER, [[SKU, 2]], ['wait', 'assign_try'])
    const hold = actionOf('wms', 'place_hold')
    const did = await run(hold, aimed(hold.target(await orderNow(true))))
    expect(doubles.wms.count(OUT, 'draft')).toBe(1)
    const { action, target } = undoOf(hold)
    await run(actionOf('wms', action), aimed(target(await orderNow(true), did)))
    expect(doubles.wms.count(OUT, 'assigned')).toBe(1)
    expect(target(await orderNow(true), did)).toEqual({
      unavailable: expect.stringMatching(/ is assigned by now$/),
    })
  })

  it('a release, but not once it is picked', async () => {
    const id = await testers.wms.makeDelivery(ORDER, [[SKU, 2]], [])
    const release = actionOf('wms', 'release_delivery')
    const did = await run(release, aimed(release.target(await orderNow(false))))
    const { action, target } = undoOf(release)
    const back = aimed(target(await orderNow(false), did))
    await run(actionOf('wms', action), back)
    expect(doubles.wms.count(OUT, 'draft')).toBe(1)
    for (const button of ['wait', 'assign_try', 'pick']) await testers.wms.press(OUT, button, id)
    expect(target(await orderNow(false), did)).toEqual({
      unavailable: expect.stringMatching(/ is picked by now$/),
    })
    const hold = actionOf('wms', action)
    expect(hold.precondition(inputTo(back), await hold.read(inputTo(back)))).toMatchObject({
      is: 'impossible',
    })
  })

  it('a count, but not once goods have moved since', async () => {
    const adjust = actionOf('erp', 'adjust_stock')
    const did = await run(adjust, aimed(adjust.target(await stockNow())))
    const { target } = undoOf(adjust)
    const back = aimed(target(await stockNow(), did))
    expect(back.params).toEqual({ units: 9, was: 6 })
    const undone = await run(adjust, back)
    expect(undone.after?.words).toBe(did.before?.words)
    expect(target(await stockNow(), did)).toEqual({ unavailable: 'Goods have moved since: 9 on hand' })
  })
})
