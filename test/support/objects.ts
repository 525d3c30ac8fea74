import type { Fact, Key, ObjectState, OrderClass, SubjectKind, SubjectView } from '../../src/domain/model.ts'
import { foldAll } from '../../src/domain/object.ts'

/** Facts, objects and subjects for tests of the domain; times are minutes after six o'clock. */

export const at = (minute: number): Date => new Date(Date.parse('2026-11-23T06:00:00Z') + minute * 60_000)
export const minutesOf = (date: Date): number => (date.getTime() - at(0).getTime()) / 60_000

export type Told = Partial<Omit<Fact, 'occurredAt' | 'receivedAt'>> & { minute?: number; received?: number }

/** What a system says; `minute` says when it happened, `received` when Baton heard of it. */
export const fact = ({ minute = 0, received = minute, ...over }: Told = {}): Fact => ({
  system: over.role ?? 'wms',
  role: 'wms',
  type: 'receipt',
  externalId: 'R1',
  keys: [{ name: 'receipt', value: 'R1', kind: 'identity' }],
  state: 'received',
  rawState: over.state ?? 'received',
  quantities: {},
  attributes: {},
  version: minute,
  changedBy: { kind: 'unknown' },
  ...over,
  occurredAt: at(minute),
  receivedAt: at(received),
})

/** An object that has been through these facts. */
export const object = (...told: Told[]): ObjectState => {
  const folded = foldAll(told.map(fact))
  if (!folded) throw new Error('an object needs at least one fact')
  return folded
}

export const view = (
  objects: ObjectState[],
  {
    kind = 'receipt',
    orderClass = 'consumer',
    keys = [],
  }: { kind?: SubjectKind; orderClass?: OrderClass; keys?: Key[] } = {},
): SubjectView => ({ id: '1', timeline: 'live', kind, keys, orderClass, objects })
