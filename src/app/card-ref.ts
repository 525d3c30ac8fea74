/*
 * What a card is about, in one word that buttons, posts and the stream of changes carry: `12` is exception 12,
 * `batch:7` is the batch of that id, `handover:3` what one shift left to the next, `escalated:12` is exception 12 once
 * more, in the channel to which it was raised, `group:3` the summary of a storm, and `group:3.2` its second post;
 * `list:3.2.1` the first list of its members under that one, `raised:group:3` the storm in the channel to which it was
 * raised; `followup:5` is what was said under one of these when somebody waited for news.
 */

const BATCH = /^batch:(\d{1,15})$/

export const batchRef = (id: string): string => `batch:${id}`

/** The id of the batch that a card is about; null for the card of an exception. */
export const batchOf = (ref: string): string | null => BATCH.exec(ref)?.[1] ?? null

const HANDOVER = /^handover:(\d{1,15})$/

export const handoverRef = (id: string): string => `handover:${id}`

export const handoverOf = (ref: string): string | null => HANDOVER.exec(ref)?.[1] ?? null

const ESCALATED = /^escalated:(\d{1,15})$/

export const escalationRef = (exception: string): string => `escalated:${exception}`

/** The exception that was raised; null for every other card, also the exception's own. */
export const escalationOf = (ref: string): string | null => ESCALATED.exec(ref)?.[1] ?? null

const GROUP = /^group:(\d{1,15})(?:\.(\d{1,4}))?$/

/** `showing`: a storm that goes on for long is posted again, and each post is a message of its own. */
export const groupRef = (id: string, showing = 1): string =>
  showing === 1 ? `group:${id}` : `group:${id}.${showing}`

/** The group that a card sums up, and which of its posts it is; null for any other card. */
export const groupOf = (ref: string): { id: string; showing: number } | null => {
  const [, id, showing = '1'] = GROUP.exec(ref) ?? []
  return id === undefined ? null : { id, showing: Number(showing) }
}

const LIST = /^list:(\d{1,15})\.(\d{1,4})\.(\d)$/

/** `page`: from 1. */
export const listRef = (group: string, showing: number, page: number): string =>
  `list:${group}.${showing}.${page}`

/** Which list of which storm a card is; null for any other card. */
export const listOf = (ref: string): { group: string; showing: number; page: number } | null => {
  const [, group, showing, page] = LIST.exec(ref) ?? []
  return group === undefined ? null : { group, showing: Number(showing), page: Number(page) }
}

const RAISED = /^raised:group:(\d{1,15})$/

export const raisedGroupRef = (group: string): string => `raised:group:${group}`

/** The storm that was raised; null for every other card, also its summaries. */
export const raisedGroupOf = (ref: string): string | null => RAISED.exec(ref)?.[1] ?? null

const FOLLOW_UP = /^followup:(\d{1,15})$/

export const followUpRef = (id: string): string => `followup:${id}`

/** The id of the follow-up that a card is; null for any other card. */
export const followUpOf = (ref: string): string | null => FOLLOW_UP.exec(ref)?.[1] ?? null
