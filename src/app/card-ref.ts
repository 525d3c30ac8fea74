/*
 * What a card is about, in one word that buttons, posts and the stream of changes carry: `12` is exception 12,
 * `batch:7` is the batch of that id.
 */

const BATCH = /^batch:(\d{1,15})$/

export const batchRef = (id: string): string => `batch:${id}`

/** The id of the batch that a card is about; null for the card of an exception. */
export const batchOf = (ref: string): string | null => BATCH.exec(ref)?.[1] ?? null
