import type { RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { Attributes } from '../../domain/model.ts'
import { objectAction, objectsOf } from '../kit/action.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { doing, guardedBy } from './deed.ts'
import { purchases, readOne } from './records.ts'
import { MOVE_MODEL } from './stock.ts'
import { toDate } from './values.ts'

/** The day in UTC on which a purchase is expected, `2026-12-31`; nothing where nobody says. */
const dayOf = ({ attributes: { expectedAt } }: { attributes: Attributes }): string =>
  typeof expectedAt === 'string' ? expectedAt.slice(0, 10) : ''

/**
 * The supplier's new date becomes the planned day of all that is still to come of the purchase: Tryton works the dates
 * of the purchase and of its lines out from there.
 */
export const takeOverDate = (client: TrytonClient, config: TrytonConfig): RoutingAction =>
  objectAction(config.name, {
    id: 'take_over_date',
    label: 'Plan with the supplier’s date',
    target(subject) {
      const mine = objectsOf(subject, { role: 'erp', type: 'purchase_order', system: config.name })[0]
      if (!mine) return null
      const theirs = objectsOf(subject, { role: 'supplier', type: 'purchase_order' }).at(-1)
      const day = theirs ? dayOf(theirs) : ''
      if (day === '') return { unavailable: 'The supplier has named no date' }
      if (!['ordered', 'partial'].includes(mine.state))
        return { unavailable: `${mine.externalId} is ${mine.rawState}` }
      const was = dayOf(mine)
      if (day === was) return { unavailable: `The ERP plans with ${day} too` }
      return { externalId: mine.externalId, params: { day, was } }
    },
    readObject: async ({ target, signal }) =>
      (await readOne(client, config, purchases, target.externalId, signal)).fact,
    ready(fact, { params: { day, was } }) {
      const now = dayOf(fact)
      if (now === day) return { is: 'already_done', words: `${fact.externalId} is planned for ${day}.` }
      if (!['ordered', 'partial'].includes(fact.state))
        return { is: 'impossible', words: `Nothing of ${fact.externalId} is still to come.` }
      return now === was
        ? { is: 'ready' }
        : { is: 'impossible', words: `${fact.externalId} is planned for ${now} by now: look again.` }
    },
    send: ({ target: { externalId, params }, signal }) =>
      doing(client, config, signal, async (deed) => {
        const { row, fact } = await readOne(client, config, purchases, externalId, signal)
        if (dayOf(fact) === params.day) return
        const open = row['moves.'].filter(({ state }) => state === 'draft')
        if (open.length === 0) {
          const words = `${config.name}: nothing of purchase ${externalId} is still to come.`
          throw new SystemError(config.name, 'refused', words)
        }
        const values = [open.map(({ id }) => id), { planned_date: toDate(String(params.day)) }]
        await deed.change(`model.${MOVE_MODEL}.write`, values, guardedBy(MOVE_MODEL, ...open))
      }),
    compare(before, after, { target: { params } }) {
      const words = `${after.externalId} is planned for ${dayOf(after) || 'no day'}`
      return dayOf(after) === params.day && dayOf(before) !== params.day
        ? { is: 'changed', words: `${words} now.` }
        : { is: 'unchanged', words: `${words}, not for ${params.day}.` }
    },
    undo: {
      action: 'take_over_date',
      target(subject, { target: { externalId, params } }) {
        const mine = objectsOf(subject, { role: 'erp', type: 'purchase_order', system: config.name })[0]
        const { day, was } = params
        if (mine?.externalId !== externalId || day === undefined || was === undefined || was === '')
          return null
        return dayOf(mine) === day
          ? { externalId, params: { day: was, was: day } }
          : { unavailable: `It is planned for ${dayOf(mine)} by now` }
      },
    },
  })
