import {
  instantOf,
  type KeyName,
  type ObjectState,
  type ObjectType,
  type Role,
  type SubjectView,
} from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'

/*
 * What the facts know about the thing that a letter is about. Facts name no person, so that no letter does before
 * somebody writes a name into it.
 */

/** The values of this key, the subject's own first. */
export const valuesOf = ({ keys, objects }: SubjectView, name: KeyName): string[] => [
  ...new Set(
    [...keys, ...objects.flatMap((object) => object.keys)]
      .filter((key) => key.name === name)
      .map((key) => key.value),
  ),
]

export const orderOf = (subject: SubjectView): string | null => valuesOf(subject, 'order')[0] ?? null

const text = ({ attributes }: ObjectState, name: string): string | null => {
  const value = attributes[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** `2026-11-24 10:00 UTC`, and only the day where no time is known. */
export const timeWords = (at: Date): string => {
  const iso = at.toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** A time that an attribute states, in words. */
export const statedTime = (object: ObjectState | undefined, name: string): string | null => {
  const at = instantOf(object?.attributes[name])
  return at ? timeWords(at) : null
}

/** The newest object of this kind. */
export const newest = (subject: SubjectView, role: Role, type: ObjectType): ObjectState | undefined =>
  objectsOf(subject, { role, type }).sort((a, b) => b.occurredAt.getTime() - a.occurredAt.getTime())[0]

export type Parcel = {
  number: string
  carrier: string | null
  /** The carrier's word of it; null while it has none. */
  state: string | null
  rawState: string
  scanned: string | null
  promise: string | null
  leftAt: string | null
}

/** The parcel: as the carrier has it, or else as the warehouse handed it over. */
export const parcelOf = (subject: SubjectView): Parcel | null => {
  const shipment = newest(subject, 'carrier', 'shipment')
  const left = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).findLast(
    ({ state }) => state === 'shipped',
  )
  const number =
    shipment?.keys.find(({ name }) => name === 'tracking')?.value ?? (left && text(left, 'tracking'))
  if (!number) return null
  const leftAt = left ? (left.enteredAt.shipped ?? left.occurredAt.toISOString()) : null
  const moved = shipment && shipment.state !== 'label'
  const where = moved ? (text(shipment, 'location') ?? text(shipment, 'hub')) : null
  return {
    number,
    carrier: (shipment && text(shipment, 'carrier')) ?? (left ? text(left, 'carrier') : null),
    state: shipment?.state ?? null,
    rawState: shipment?.rawState ?? '',
    scanned: moved ? [timeWords(shipment.occurredAt), where].filter(Boolean).join(', ') : null,
    promise: statedTime(shipment, 'promise'),
    leftAt: leftAt === null ? null : timeWords(new Date(leftAt)),
  }
}

export type Shortage = { receipt: string; announced: number; received: number }

/** What the supplier said it sent, and what came in; null where nobody has said both. */
export const shortageOf = (subject: SubjectView): Shortage | null => {
  const came = newest(subject, 'wms', 'receipt')
  const received = came?.quantities.received
  const announced =
    newest(subject, 'supplier', 'receipt')?.quantities.shipped ??
    newest(subject, 'erp', 'receipt')?.quantities.advised
  if (!came || received === undefined || announced === undefined) return null
  return { receipt: valuesOf(subject, 'receipt')[0] ?? came.externalId, announced, received }
}
