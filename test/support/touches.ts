import type { Gap, Touch } from '../../src/domain/drag.ts'

/** Touches as the log would have them, for tests of the measure. */

export const NOVEMBER = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') }

export const bookReceipt: Gap = {
  contract: 'receipt-booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
}

export const passHold: Gap = {
  contract: 'hold-passed-on',
  handoff: { from: 'storefront', to: 'wms', object: 'fulfillment' },
}

/** `10:00` or `10:00:30` UTC on a day of November 2026. */
export const at = (time: string, day = 9): Date => {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  return new Date(Date.UTC(2026, 10, day, hours, minutes, seconds))
}

/** Ada presses a button on exception 1, which takes effect; `over` says what is different. */
export const press = (time: string, over: Partial<Touch> & { day?: number } = {}): Touch => {
  const { day, ...rest } = over
  const touch: Omit<Touch, 'id'> = {
    personId: 'ada',
    at: at(time, day),
    kind: 'press',
    result: 'acted',
    gap: bookReceipt,
    exceptions: ['1'],
    startedAt: null,
    reportedMinutes: null,
    ...rest,
  }
  return { id: JSON.stringify(touch), ...touch }
}
