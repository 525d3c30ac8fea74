import { describe, expect, it } from 'vitest'
import { parseTrackers } from '../../../src/connectors/easypost/tracker.ts'

const row = {
  id: 'trk_1',
  object: 'Tracker',
  mode: 'production',
  tracking_code: '9400 1001 0936 ab',
  status: 'in_transit',
  status_detail: 'departed_facility',
  created_at: '2026-11-20T08:00:00Z',
  updated_at: '2026-11-21T20:00:00Z',
  signed_by: 'M. TESTPERSON',
  weight: 17.6,
  est_delivery_date: '2026-11-24T00:00:00Z',
  carrier: 'USPS',
  carrier_detail: { service: 'Priority' },
  tracking_details: [
    {
      message: 'Departed, signed M. TESTPERSON',
      status: 'in_transit',
      datetime: '2026-11-21T18:00:00Z',
      tracking_location: { city: 'HOUSTON', state: 'TX', country: 'US', zip: '77063' },
    },
    {
      message: 'Label created',
      status: 'pre_transit',
      datetime: '2026-11-20T08:00:00Z',
      tracking_location: null,
    },
  ],
}
const read = (over: object = {}) =>
  parseTrackers('production', [{ ...row, ...over }], (i) => `trackers[${i}]`)
const stateOf = (status: string, status_detail: string | null = null) =>
  read({ status, status_detail }).facts[0]?.state

describe('a tracker', () => {
  it('is a parcel under its number in capitals, as of its last scan', () => {
    expect(read()).toEqual({
      bad: [],
      facts: [
        {
          type: 'shipment',
          externalId: 'trk_1',
          keys: [{ name: 'tracking', value: '940010010936AB', kind: 'identity' }],
          state: 'in_transit',
          rawState: 'in_transit, departed_facility',
          quantities: {},
          attributes: {
            carrier: 'USPS',
            service: 'Priority',
            location: 'HOUSTON, TX',
            promise: '2026-11-24T00:00:00.000Z',
          },
          occurredAt: new Date('2026-11-21T18:00:00Z'),
          version: Date.parse('2026-11-21T20:00:00Z'),
          changedBy: { kind: 'unknown' },
        },
      ],
    })
  })

  it('names nobody: neither who signed nor what the carrier wrote', () => {
    expect(JSON.stringify(read())).not.toContain('TESTPERSON')
  })

  it.each([
    ['unknown', 'label'],
    ['pre_transit', 'label'],
    ['in_transit', 'in_transit'],
    ['out_for_delivery', 'out'],
    ['available_for_pickup', 'pickup_ready'],
    ['delivered', 'delivered'],
    ['return_to_sender', 'returning'],
    ['failure', 'exception'],
    ['error', 'exception'],
    ['cancelled', 'cancelled'],
  ])('%s is %s', (status, state) => expect(stateOf(status)).toBe(state))

  it.each([
    ['failure', 'lost', 'lost'],
    ['in_transit', 'lost', 'lost'],
    ['in_transit', 'damaged', 'exception'],
    ['failure', 'return', 'returning'],
    ['in_transit', 'delivery_exception', 'attempted'],
    ['out_for_delivery', 'delivery_exception', 'attempted'],
    ['failure', 'delivery_exception', 'exception'],
    ['in_transit', 'weather_delay', 'in_transit'],
    // It was found again, and it came.
    ['delivered', 'lost', 'delivered'],
    ['in_transit', 'a word of tomorrow', 'in_transit'],
  ])('%s with %s is %s', (status, detail, state) => expect(stateOf(status, detail)).toBe(state))

  it('says nothing twice in its own words', () => {
    expect(read({ status_detail: 'in_transit' }).facts[0]?.rawState).toBe('in_transit')
    expect(read({ status_detail: 'status_update' }).facts[0]?.rawState).toBe('in_transit')
    expect(read({ status_detail: null }).facts[0]?.rawState).toBe('in_transit')
  })

  it('was never scanned later than EasyPost heard of it, whatever zone the carrier writes in', () => {
    const ahead = [{ ...row.tracking_details[0], datetime: '2026-11-22T02:00:00Z' }]
    expect(read({ tracking_details: ahead }).facts[0]?.occurredAt).toEqual(new Date(row.updated_at))
    const offset = [{ ...row.tracking_details[0], datetime: '2026-11-21T12:00:00-06:00' }]
    expect(read({ tracking_details: offset }).facts[0]?.occurredAt).toEqual(new Date('2026-11-21T18:00:00Z'))
  })

  it('without a scan is as of its last change', () => {
    for (const tracking_details of [[], null, [{ datetime: 'soon' }]]) {
      expect(read({ tracking_details }).facts[0]).toMatchObject({
        occurredAt: new Date(row.updated_at),
        attributes: { location: null },
      })
    }
  })

  it('in a status that nobody knows is a bad row, and its neighbours go on', () => {
    const rows = [{ ...row, status: 'teleported' }, row]
    const { facts, bad } = parseTrackers('production', rows, (i) => `trackers[${i}]`)
    expect(facts).toHaveLength(1)
    expect(bad).toMatchObject([{ at: 'trackers[0]', reason: expect.stringContaining('status') }])
  })

  it('of the test world is none of ours', () => {
    expect(read({ mode: 'test' })).toEqual({ facts: [], bad: [] })
  })
})
