import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ActionInput, ActionTarget, Aim, Done, RoutingAction } from '../../../src/app/connector.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import { FAULTS, type FaultKind } from '../../../src/sandbox/faults.ts'
import { startWorld, type TestWorld } from '../../support/sandbox-world.ts'

let world: TestWorld
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

type System = 'wms' | 'erp'

const actionOf = (system: System, id: string): RoutingAction => {
  const found = world.connectors[system].actions.find((action) => action.id === id)
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
const run = async (action: RoutingAction, target: ActionTarget, key: string): Promise<Done> => {
  const before = await action.read(inputTo(target))
  expect(action.precondition(inputTo(target), before)).toEqual({ is: 'ready' })
  await action.act(inputTo(target), key)
  const after = await action.read(inputTo(target))
  expect(action.compare(inputTo(target), before, after)).toMatchObject({ is: 'changed' })
  return JSON.parse(JSON.stringify({ target, values: {}, before, after }))
}
/** Plants what makes the action due, and does it; answers how to see the subject as it is now. */
const done = async (system: System, id: string, fault: FaultKind) => {
  const { keys } = await world.plant(fault)
  const { shown } = FAULTS[fault]
  const subject = () => world.subject(shown, keys[shown] ?? '')
  const action = actionOf(system, id)
  const did = await run(action, aimed(action.target(await subject())), 'do')
  return { action, did, subject }
}
const undoOf = (action: RoutingAction, subject: SubjectView, did: Done): Aim =>
  action.undo?.target?.(subject, did) ?? null
const takenBack = async (system: System, action: RoutingAction, subject: SubjectView, did: Done) => {
  const { undo } = action
  if (!undo) throw new Error(`Nothing takes ${action.id} back`)
  return run(actionOf(system, undo.action), aimed(undoOf(action, subject, did)), 'undo')
}

describe('what is taken back in the sandbox', () => {
  it('a hold, also where the shop holds it still', async () => {
    const { action, did, subject } = await done('wms', 'place_hold', 'hold_not_passed')
    const back = await takenBack('wms', action, await subject(), did)
    expect(back.after).toMatchObject({ snapshot: [{ state: 'ready' }] })
  })

  it('a release, with the reason for which it was held', async () => {
    const { action, did, subject } = await done('wms', 'release_delivery', 'release_not_passed')
    const back = await takenBack('wms', action, await subject(), did)
    const reason = (seen: Done['before']) => JSON.stringify(seen).match(/"holdReason":"[^"]+"/)?.[0]
    expect(back.after).toMatchObject({ snapshot: [{ state: 'held' }] })
    expect(reason(back.after)).toBe(reason(did.before))
  })

  it('a release, but not once it is picked', async () => {
    const { action, did, subject } = await done('wms', 'release_delivery', 'release_not_passed')
    await world.until('it is picked', async () => {
      const aim = undoOf(action, await subject(), did)
      return aim !== null && 'unavailable' in aim ? aim : undefined
    })
    expect(undoOf(action, await subject(), did)).toEqual({
      unavailable: expect.stringMatching(/^D\d+-1 is (PICKED|PACKED|DESPATCHED) by now$/),
    })
  })

  it('a move, to where it was before', async () => {
    const { action, did, subject } = await done('wms', 'move_fulfillment', 'move_not_passed')
    const back = await takenBack('wms', action, await subject(), did)
    const place = (seen: Done['before']) => JSON.stringify(seen).match(/"location":"[^"]+"/)?.[0]
    expect(place(back.after)).toBe(place(did.before))
    expect(place(did.after)).not.toBe(place(did.before))
  })

  it('a stock correction, as long as nothing has moved since', async () => {
    const { action, did, subject } = await done('erp', 'adjust_stock', 'stock_drift')
    const now = await subject()
    const moved = {
      ...now,
      objects: now.objects.map((o) =>
        o.system === 'erp' ? { ...o, quantities: { ...o.quantities, on_hand: 3 } } : o,
      ),
    }
    expect(undoOf(action, moved, did)).toEqual({ unavailable: 'Goods have moved since: 3 on hand' })
    const back = await takenBack('erp', action, now, did)
    const units = (seen: Done['before']) => JSON.stringify(seen).match(/"on_hand":\d+/)?.[0]
    expect(units(back.after)).toBe(units(did.before))
  })
})
