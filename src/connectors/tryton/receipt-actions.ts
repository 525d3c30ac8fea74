import { z } from 'zod'
import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { objectsOf, readingOf } from '../kit/action.ts'
import { linesText, readLines } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, guardedBy, type Step, walk } from './deed.ts'
import { minus, sameLines, statedLines } from './lines.ts'
import { PURCHASE, type Purchase } from './orders.ts'
import { RECEIPT, type Receipt } from './receipts.ts'
import { purchases, readRecords, receipts } from './records.ts'
import { inItsUnit, linesOf } from './rows.ts'
import { MOVE_MODEL } from './stock.ts'

const BOOKING: Step[] = [
  { from: ['draft'], button: 'receive', to: ['received'] },
  { from: ['received'], button: 'done', to: ['done'] },
]

/** The warehouse's own word that the goods are in. */
const arrivedIn = (subject: SubjectView): ObjectState | undefined =>
  objectsOf(subject, { role: 'wms', type: 'receipt' }).find((o) => o.state === 'received')

const noteOf = ({ keys }: ObjectState): string | undefined =>
  keys.find((key) => key.name === 'receipt' && key.kind === 'identity')?.value

/** The ERP's receipt with this delivery note, and the purchases that go by the same number. */
const find = async (
  client: TrytonClient,
  config: TrytonConfig,
  { target: { externalId: note }, signal }: Pick<ActionInput, 'target' | 'signal'>,
) => {
  const named = note.replace(/[\\%_]/g, '\\$&')
  const found = await readRecords(client, config, receipts, [['reference', 'ilike', named]], signal)
  const row = found.rows.find((receipt) => receipt.state.raw !== 'cancelled')
  const ordered = ['OR', ['number', 'ilike', named], ['reference', 'ilike', named]]
  const bought = row
    ? []
    : (await readRecords(client, config, purchases, [ordered, ['state', '=', 'processing']], signal)).rows
  const fact = row ? receipts.fact(config, row) : null
  return { row, purchase: bought[0], facts: fact ? [fact] : [] }
}

const openMoveSchema = z.object({ id: z.number(), shipment: z.string().nullable() })
const purchaseTermsSchema = z.object({ party: z.number(), warehouse: z.number().nullable() })

/**
 * The purchase's own open moves as a supplier shipment: so the purchase knows what came of it. Only if they are what
 * came, and nobody else has announced them since they were read.
 */
const announce = async (
  client: TrytonClient,
  config: TrytonConfig,
  deed: Deed,
  purchase: Purchase,
  note: string,
  came: string,
) => {
  const open = purchase['moves.'].filter((move) => move.state === 'draft')
  const [moves, [terms]] = await Promise.all([
    client.search(
      MOVE_MODEL,
      [['id', 'in', open.map(({ id }) => id)]],
      { fields: ['shipment'] },
      deed.signal,
    ),
    client.search(PURCHASE, [['id', '=', purchase.id]], { fields: ['party', 'warehouse'] }, deed.signal),
  ])
  const announced = z
    .array(openMoveSchema)
    .parse(moves)
    .flatMap(({ id, shipment }) => (shipment === null ? [] : [id]))
  const free = open.filter(({ id }) => !announced.includes(id))
  const { party, warehouse } = purchaseTermsSchema.parse(terms)
  if (free.length === 0) {
    const words = `${config.name}: nothing of purchase ${note} is still to come.`
    throw new SystemError(config.name, 'refused', words)
  }
  if (!sameLines(linesOf(free), readLines(came))) {
    const words = `${config.name}: of purchase ${note} ${linesText(linesOf(free))} is to come, the warehouse received ${came}: announce it in the ERP as it came.`
    throw new SystemError(config.name, 'refused', words)
  }
  const values = {
    reference: note,
    supplier: party,
    ...(warehouse === null ? {} : { warehouse }),
    moves: [['add', free.map(({ id }) => id)]],
  }
  await deed.change(`model.${RECEIPT}.create`, [[values]], guardedBy(MOVE_MODEL, ...free))
}

/** What did not come goes back to its purchase, still to be delivered: Tryton keeps the difference of a cut move open. */
const cutDown = async (deed: Deed, row: Receipt, came: string): Promise<void> => {
  const left = new Map(readLines(came).map(({ sku, quantity }) => [sku, quantity]))
  for (const move of row.incoming) {
    const sku = move['product.'].code
    const wanted = Math.min(move.internal_quantity, left.get(sku) ?? 0)
    left.set(sku, (left.get(sku) ?? 0) - wanted)
    if (wanted === move.internal_quantity) continue
    await deed.write(
      MOVE_MODEL,
      move,
      wanted === 0 ? { shipment: null } : { quantity: inItsUnit(move, wanted) },
    )
  }
}

const claimSchema = z.object({ comment: z.string().nullish(), _timestamp: z.string() })

/** Said once on each purchase: what was short, and by which delivery note. */
const remark = async (client: TrytonClient, deed: Deed, row: Receipt, words: string): Promise<void> => {
  for (const { id } of row.purchases) {
    const [wire] = await client.search(
      PURCHASE,
      [['id', '=', id]],
      { fields: ['comment', '_timestamp'] },
      deed.signal,
    )
    const { comment, _timestamp } = claimSchema.parse(wire)
    if (comment?.includes(words)) continue
    const text = comment ? `${comment}\n${words}` : words
    await deed.write(PURCHASE, { id, _timestamp }, { comment: text })
  }
}

type Kind = 'book' | 'claim'

const target = (subject: SubjectView, system: string, kind: Kind): ReturnType<RoutingAction['target']> => {
  const mine = objectsOf(subject, { role: 'erp', type: 'receipt', system })[0]
  const arrived = arrivedIn(subject)
  if (!arrived) return mine ? { unavailable: 'The warehouse has not received it' } : null
  const note = noteOf(arrived)
  const came = statedLines(arrived)
  if (note === undefined) return null
  if (!came) return { unavailable: 'The warehouse does not name the articles' }
  const advised = mine ? statedLines(mine) : null
  const params = { lines: linesText(came) }
  if (kind === 'book') {
    if (mine && mine.state !== 'ordered') return { unavailable: `${mine.externalId} is ${mine.rawState}` }
    if (advised && !sameLines(advised, came))
      return { unavailable: 'Another quantity came than was announced: claim the difference' }
    return { externalId: note, params }
  }
  if (!mine || !advised) return null
  const missing = minus(advised, came)
  if (minus(came, advised).length > 0)
    return { unavailable: 'More came than was announced: decide with purchasing' }
  if (missing.length === 0) return { unavailable: 'As much came as was announced' }
  if (mine.state !== 'ordered')
    return { unavailable: `${mine.externalId} is ${mine.rawState}: return the difference in the ERP` }
  return { externalId: note, params: { ...params, missing: linesText(missing) } }
}

const receiptAction = (
  client: TrytonClient,
  config: TrytonConfig,
  kind: Kind,
): Pick<RoutingAction, 'target' | 'read' | 'precondition' | 'act' | 'compare'> => ({
  target: (subject) => target(subject, config.name, kind),
  async read(input) {
    const { row, purchase, facts } = await find(client, config, input)
    const words = row
      ? `Receipt ${row.number} (${row.reference}) is ${row.state.raw} in ${config.name}.`
      : purchase
        ? `Purchase ${purchase.number} waits for it in ${config.name}.`
        : `${config.name} expects nothing with ${input.target.externalId}.`
    const snapshot = row
      ? { state: row.state.raw, lines: linesText(linesOf(row.incoming)) }
      : { state: purchase ? 'to be announced' : 'unknown', lines: '' }
    return { ...readingOf(facts, words), snapshot }
  },
  precondition({ target: { params } }, { snapshot, words }) {
    const { state, lines } = snapshotSchema.parse(snapshot)
    if (state === 'done') return { is: 'already_done', words }
    if (state === 'unknown') return { is: 'impossible', words: `${words} Enter the purchase there first.` }
    const isSame = sameLines(readLines(lines), readLines(String(params.lines)))
    if (kind === 'book' && state !== 'to be announced' && !isSame) {
      const differs = `The warehouse received ${params.lines}, the ERP expects ${lines}: claim the difference.`
      return { is: 'impossible', words: differs }
    }
    return { is: 'ready' }
  },
  act: (input) =>
    doing(client, config, input.signal, async (deed) => {
      const { params, externalId: note } = input.target
      const seen = await find(client, config, input)
      const came = String(params.lines)
      if (!seen.row && seen.purchase) await announce(client, config, deed, seen.purchase, note, came)
      const read = async () => {
        const { row } = await find(client, config, input)
        if (row) return row
        throw new SystemError(config.name, 'refused', `${config.name} expects nothing with ${note}.`)
      }
      const row = await read()
      if (row.state.raw === 'draft') {
        if (kind === 'claim') {
          const words = `Short by ${String(params.missing)} on ${note}: claimed through Baton${input.by === undefined ? '' : ` by ${input.by}`}.`
          await remark(client, deed, row, words)
          await cutDown(deed, row, came)
        }
        const now = linesOf((await read()).incoming)
        if (!sameLines(now, readLines(came))) {
          const words = `${config.name} expects ${linesText(now)}, the warehouse received ${came}.`
          throw new SystemError(config.name, 'refused', words)
        }
      }
      await walk(config, deed, RECEIPT, read, BOOKING)
      return { is: 'accepted', words: `${config.name} accepted it.` }
    }),
  compare(_input, before, { snapshot, words }) {
    const [was, now] = [snapshotSchema.parse(before.snapshot), snapshotSchema.parse(snapshot)]
    return now.state === 'done' && was.state !== 'done'
      ? { is: 'changed', words: `${words} ${now.lines} came in.` }
      : { is: 'unchanged', words }
  },
})

const snapshotSchema = z.object({ state: z.string(), lines: z.string() })

/** What came into the warehouse is booked in the ERP, on its receipt or, where it has none, on the purchase itself. */
export const bookReceipt = (client: TrytonClient, config: TrytonConfig): RoutingAction => ({
  id: 'book_receipt',
  label: 'Book the receipt in the ERP',
  kind: 'do',
  risk: 'safe',
  settleMs: 10_000,
  // Where it enters a receipt, Tryton knows no key.
  idempotent: false,
  ...receiptAction(client, config, 'book'),
})

/** What really came is booked; the rest stays open with the supplier, and the purchase says so. */
export const claimShortage = (client: TrytonClient, config: TrytonConfig): RoutingAction => ({
  id: 'claim_shortage',
  label: 'Book what came, claim the rest from the supplier',
  kind: 'do',
  // ERP and warehouse do not agree here, and nothing takes a booked receipt back.
  risk: 'second_person',
  settleMs: 10_000,
  idempotent: true,
  ...receiptAction(client, config, 'claim'),
})
