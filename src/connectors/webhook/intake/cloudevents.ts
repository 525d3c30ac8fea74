import { CloudEvent, HTTP } from 'cloudevents'
import { wordsOf } from '../../../app/errors.ts'
import type { Json } from '../mapping/document.ts'

/** An event as one JSON document, whichever way it was sent. */
export type ReadEvent = { id: string; source: string; body: Buffer }

const MIME = 'application/cloudevents+json'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The event with what it was sent with: the library gives a time of its own to an event that has none. */
const asSent = (event: CloudEvent<unknown>, hasTime: boolean): Record<string, unknown> => {
  const { time, data_base64: encoded, ...rest } = event.toJSON()
  const sent = hasTime ? { ...rest, time } : rest
  if (typeof encoded !== 'string') return sent
  const isJson = /[/+]json\b/.test(event.datacontenttype ?? 'application/json')
  return { ...sent, data: isJson ? JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) : null }
}

/**
 * The event in a request (CloudEvents 1.0, HTTP binding): in binary mode its attributes are headers, so that the body
 * alone says too little to be kept. Null where it is none, or a batch; what is wrong is said when the body is read.
 */
export const eventIn = (headers: Record<string, string | undefined>, body: Buffer): ReadEvent | null => {
  try {
    const event = HTTP.toEvent({ headers: { ...headers }, body: body.toString('utf8') })
    if (Array.isArray(event) || !(event instanceof CloudEvent)) return null
    if (event.specversion !== '1.0' || !event.validate()) return null
    const isStructured = headers['content-type']?.startsWith(MIME)
    const structured: unknown = isStructured ? JSON.parse(body.toString('utf8')) : null
    const hasTime = isStructured
      ? isObject(structured) && 'time' in structured
      : headers['ce-time'] !== undefined
    const sent = asSent(event, hasTime)
    return { id: event.id, source: event.source, body: Buffer.from(JSON.stringify(sent)) }
  } catch {
    return null
  }
}

/** Throws with words for an admin where the document is no event. */
export const checkEvent = (document: Json): void => {
  try {
    const event = HTTP.toEvent({ headers: { 'content-type': MIME }, body: JSON.stringify(document) })
    if (event instanceof CloudEvent && event.specversion === '1.0' && event.validate()) return
  } catch (error) {
    throw new Error(`It is no CloudEvent: ${wordsOf(error)}.`)
  }
  throw new Error('It is no CloudEvent of version 1.0: specversion, id, source and type are needed.')
}
