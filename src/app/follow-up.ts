import type { Card, Mention } from './card.ts'
import { followUpRef } from './card-ref.ts'
import { commandButton } from './command.ts'
import type { Jobs, Tx } from './ports.ts'

/*
 * A follow-up: a short message under the post of what it is about, for somebody who waits for news. A post that is
 * changed in place calls nobody, so it is not enough where a person has to do something now. Nobody is called for what
 * went well while they could watch it. A follow-up says what happened then, and is never changed.
 */

/** Whoever pressed has looked elsewhere by then, in ms: what went well is said to them too. */
export const LONG_MS = 5 * 60_000

/** `cause` names what made it, so that it is said once; `card`: what it is about, an exception or a batch. */
export type FollowUp = {
  cause: string
  card: string
  title: string
  words: string
  tone: 'good' | 'warning'
  tell: Mention[]
  at: Date
}

/**
 * `to`: whom it is for, and how each of them is known; who has no identity where cards are posted only reads it there.
 * `under`: the card under whose post it belongs, where somebody acted on another one than that of `card`.
 */
export type Said = Omit<FollowUp, 'tell'> & { to: Mention[][]; under: string | null }

/** A post under which something can be said. */
export type ParentPost = { surface: string; channel: string }

export type FollowUpTx = {
  /** Keeps a follow-up and answers its id; null where this cause has one already. */
  insertFollowUp(said: FollowUp): Promise<string | null>
  followUp(id: string): Promise<FollowUp | null>
  /** The posts of a card, also those that are still to be sent. */
  postsOf(card: string): Promise<ParentPost[]>
  /** How each of these persons is known, on every surface. */
  mentionsOf(persons: readonly string[]): Promise<Mention[][]>
}

/**
 * Says something under the post of its card, on every surface where that has one, in the transaction that makes it true.
 * Somebody who has no identity there is told in private wherever that can be done. Where the card has no post and nobody
 * can be told, nothing is kept.
 */
export const say = async (
  tx: Tx,
  postingSurfaces: readonly string[],
  { to, under, ...said }: Said,
): Promise<void> => {
  if (postingSurfaces.length === 0) return
  const { card, at } = said
  const posts = await postsFor(tx, postingSurfaces, card, under)
  const isThere = ({ surface }: Mention): boolean => posts.some((post) => post.surface === surface)
  const alone = to
    .filter((known) => !known.some(isThere))
    .flatMap((known) =>
      known.filter(({ surface, kind }) => kind === 'person' && postingSurfaces.includes(surface)),
    )
  if (posts.length === 0 && alone.length === 0) return
  const id = await tx.insertFollowUp({ ...said, tell: to.flat().filter(isThere) })
  if (id === null) return
  for (const { surface, id: externalId } of alone) {
    const job: Jobs['notify'] = { surface, externalId, followUp: id, at: at.toISOString() }
    await tx.addJob('notify', job)
  }
  if (posts.length === 0) return
  const reply = {
    card: followUpRef(id),
    revision: 1,
    show: 'in_place',
    urgency: 'severe',
  } as const
  await tx.wantPosts(
    posts.map((post) => ({ ...post, ...reply })),
    at,
  )
  for (const { surface } of posts) await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
}

/** On each surface the post of the card on which somebody acted, or of the one that it is about. */
const postsFor = async (
  tx: Tx,
  postingSurfaces: readonly string[],
  card: string,
  acted: string | null,
): Promise<(ParentPost & { under: string })[]> => {
  const found: (ParentPost & { under: string })[] = []
  for (const under of acted === null ? [card] : [acted, card]) {
    for (const post of await tx.postsOf(under)) {
      const isTaken = found.some(({ surface }) => surface === post.surface)
      if (!isTaken && postingSurfaces.includes(post.surface)) found.push({ ...post, under })
    }
  }
  return found
}

/** The message. Under a post its buttons stand right above; `alone`: it has to bring the way there with it. */
export const followUpCard = (
  { card, title, words, tone, tell }: FollowUp,
  { alone }: { alone: boolean } = { alone: false },
): Card => {
  const isException = /^\d+$/.test(card)
  return {
    title,
    tone,
    summary: `${title}. ${words}`,
    blocks: [
      { kind: 'text', text: words },
      ...(alone && isException
        ? [{ kind: 'buttons' as const, buttons: [commandButton(`open ${card}`, `Show #${card}`)] }]
        : []),
    ],
    ...(tell.length > 0 && !alone ? { tell } : {}),
  }
}
