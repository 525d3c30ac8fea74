import { batchCard } from './batch-card.ts'
import type { Card, CardButton, CommandButton, Mention } from './card.ts'
import { batchOf, escalationOf, followUpOf, groupOf, handoverOf, listOf, raisedGroupOf } from './card-ref.ts'
import { exceptionCard } from './exception-card.ts'
import { followUpCard } from './follow-up.ts'
import { groupCard, raisedGroupCard } from './group-card.ts'
import { groupListCard } from './group-list-card.ts'
import { handoverCard } from './handover.ts'
import type { Clock } from './ports.ts'
import type { ExceptionDetail, Queries } from './queries.ts'

/** A card as it stands, with the revision that it shows. */
export type ShownCard = { card: Card; revision: number }

/** The card of an exception; as the post of the channel to which it was raised where `ref` says so. */
const exceptionShown = (detail: ExceptionDetail, ref: string): ShownCard => {
  const card = exceptionCard(detail)
  const { revision, tell } = detail
  const told = (mentions: Mention[]) => (mentions.length > 0 ? { tell: mentions } : {})
  if (ref === detail.id) return { card: { ...card, ...told(tell.own) }, revision }
  // Its buttons name this post, so that a press on it redraws it and not the other one.
  const renamed = (button: CardButton | CommandButton) =>
    button.kind === 'press' ? { ...button, exception: ref } : button
  const blocks = card.blocks.map((block) =>
    block.kind === 'buttons' ? { ...block, buttons: block.buttons.map(renamed) } : block,
  )
  const { version, state } = detail
  return { card: { ...card, blocks, exception: { id: ref, version, state }, ...told(tell.raised) }, revision }
}

/** The current card of what `ref` names (see card-ref.ts), the same for every surface; null when there is no such thing. */
export const createCardOf =
  (queries: Queries, clock: Clock) =>
  async (ref: string): Promise<ShownCard | null> => {
    const group = groupOf(ref)
    if (group !== null) {
      const detail = await queries.group(group.id)
      return detail && { card: groupCard(detail, group.showing, clock()), revision: detail.revision }
    }
    const list = listOf(ref)
    if (list !== null) {
      const detail = await queries.group(list.group, list.page)
      // Of an older posting there is no list any more: its message stays as it was.
      if (!detail || detail.showing !== list.showing) return null
      return { card: groupListCard(detail, list.page, clock()), revision: detail.revision }
    }
    const raised = raisedGroupOf(ref)
    if (raised !== null) {
      const detail = await queries.group(raised)
      return detail && { card: raisedGroupCard(detail, clock()), revision: detail.revision }
    }
    const id = batchOf(ref)
    if (id === null) {
      const handover = handoverOf(ref)
      if (handover !== null) {
        const left = await queries.handover(handover)
        return left && { card: handoverCard(left), revision: left.revision }
      }
      const followUp = followUpOf(ref)
      if (followUp !== null) {
        const said = await queries.followUp(followUp)
        return said && { card: followUpCard(said), revision: 1 }
      }
      const detail = await queries.getException(escalationOf(ref) ?? ref)
      return detail && exceptionShown(detail, ref)
    }
    const batch = await queries.batch(id)
    return batch && { card: batchCard(batch, clock()), revision: batch.revision }
  }
