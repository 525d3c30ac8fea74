import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A tracker as EasyPost shows it; the shape follows its published recordings. */
type Tracker = ReturnType<typeof trackerOf>

type Scan = { status: string; detail?: string; city?: string; message?: string; at?: Date }

const iso = (at: Date) => at.toISOString().replace(/\.\d{3}Z$/, 'Z')

const scanOf = ({ status, detail = 'status_update', city, message = 'Scanned' }: Scan, at: Date) => ({
  object: 'TrackingDetail',
  message,
  description: '',
  status,
  status_detail: detail,
  datetime: iso(at),
  source: 'USPS',
  carrier_code: '',
  tracking_location: {
    object: 'TrackingLocation',
    city: city ?? null,
    state: city === undefined ? null : 'TX',
    country: null,
    zip: city === undefined ? null : '77063',
  },
})

const trackerOf = (id: string, code: string, mode: 'production' | 'test', at: Date) => ({
  id,
  object: 'Tracker',
  mode,
  tracking_code: code,
  status: 'pre_transit',
  status_detail: 'status_update',
  created_at: iso(at),
  updated_at: iso(at),
  signed_by: null as string | null,
  weight: null,
  est_delivery_date: null as string | null,
  shipment_id: null,
  carrier: 'USPS',
  tracking_details: [scanOf({ status: 'pre_transit', message: 'Shipping Label Created' }, at)],
  fees: [],
  carrier_detail: { object: 'CarrierDetail', service: 'First-Class Package Service', container_type: null },
  public_url: 'https://track.easypost.example/x',
})

export type EasypostDouble = {
  url: string
  apiKey: string
  secret: string
  now(): Date
  pass(ms: number): void
  /** Makes a tracker, and sends `tracker.created`. */
  make(code: string, mode?: 'production' | 'test'): Tracker
  /** The carrier scans the parcel; sends `tracker.updated`. `silently`: the webhook is lost. */
  scan(code: string, scan: Scan & { silently?: true }): Tracker
  forget(code: string): void
  /** Puts something in place of a tracker in the list. */
  spoil(code: string, by: (tracker: Tracker) => unknown): void
  /** What was sent as webhooks, signed. */
  sent: { headers: Record<string, string>; body: Buffer }[]
  sign(body: Buffer, secret?: string): { headers: Record<string, string>; body: Buffer }
  /** Queries of the lists that were answered. */
  lists: Record<string, string>[]
  close(): Promise<void>
}

/** EasyPost as far as the connector uses it, and as strict: what it does not know it refuses. */
export const startEasypost = async (start = new Date('2026-11-23T06:00:00Z')): Promise<EasypostDouble> => {
  const apiKey = 'EZAK-only-for-tests'
  const secret = 'sécret-for-tests'
  const trackers: Tracker[] = []
  const spoilt = new Map<string, (tracker: Tracker) => unknown>()
  const sent: EasypostDouble['sent'] = []
  const lists: Record<string, string>[] = []
  let at = start
  let count = 0

  const refuse = (response: ServerResponse, status: number, code: string, message: string) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code, message, errors: [] } }))

  const list = (query: URLSearchParams, response: ServerResponse) => {
    const unknown = [...query.keys()].find((name) => name !== 'page_size' && name !== 'before_id')
    if (unknown) return refuse(response, 422, 'PARAMETER.INVALID', `Unknown parameter ${unknown}.`)
    const size = Number(query.get('page_size') ?? 20)
    if (!(Number.isInteger(size) && size >= 1 && size <= 100)) {
      return refuse(response, 422, 'PARAMETER.INVALID', 'page_size must be between 1 and 100.')
    }
    const youngestFirst = [...trackers].reverse()
    const before = query.get('before_id')
    const from = before === null ? 0 : youngestFirst.findIndex(({ id }) => id === before) + 1
    if (before !== null && from === 0) {
      return refuse(response, 404, 'NOT_FOUND', 'The requested resource could not be found.')
    }
    const page = youngestFirst.slice(from, from + size)
    lists.push(Object.fromEntries(query))
    const body = {
      trackers: page.map((t) => spoilt.get(t.id)?.(t) ?? t),
      has_more: from + size < trackers.length,
    }
    return response
      .writeHead(200, { 'content-type': 'application/json', date: at.toUTCString() })
      .end(JSON.stringify(body))
  }

  const answer = ({ method, url = '/', headers }: IncomingMessage, response: ServerResponse) => {
    const expected = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`
    if (headers.authorization !== expected) {
      return refuse(response, 401, 'APIKEY.INACTIVE', 'This api key is no longer active.')
    }
    const { pathname, searchParams } = new URL(url, 'http://easypost')
    if (method === 'GET' && pathname === '/v2/trackers') return list(searchParams, response)
    return refuse(response, 404, 'NOT_FOUND', 'The requested resource could not be found.')
  }

  const sign = (body: Buffer, key = secret) => ({
    headers: {
      'content-type': 'application/json',
      'x-hmac-signature': `hmac-sha256-hex=${createHmac('sha256', key.normalize('NFKD')).update(body).digest('hex')}`,
    },
    body,
  })
  const send = (description: string, result: Tracker) => {
    const event = {
      id: `evt_${++count}`,
      object: 'Event',
      mode: result.mode,
      description,
      previous_attributes: {},
      created_at: iso(at),
      status: 'pending',
      pending_urls: [],
      completed_urls: [],
      result,
    }
    sent.push(sign(Buffer.from(JSON.stringify(event))))
  }
  const found = (code: string): Tracker => {
    const tracker = trackers.findLast(({ tracking_code }) => tracking_code === code)
    if (!tracker) throw new Error(`No tracker ${code}`)
    return tracker
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v2`,
    apiKey,
    secret,
    now: () => at,
    pass(ms) {
      at = new Date(at.getTime() + ms)
    },
    make(code, mode = 'production') {
      const tracker = trackerOf(`trk_${++count}`, code, mode, at)
      trackers.push(tracker)
      send('tracker.created', tracker)
      return tracker
    },
    scan(code, { silently, ...scan }) {
      const tracker = found(code)
      tracker.status = scan.status
      tracker.status_detail = scan.detail ?? 'status_update'
      tracker.updated_at = iso(at)
      tracker.tracking_details.push(scanOf(scan, scan.at ?? at))
      if (!silently) send('tracker.updated', tracker)
      return tracker
    },
    forget(code) {
      trackers.splice(trackers.indexOf(found(code)), 1)
    },
    spoil(code, by) {
      spoilt.set(found(code).id, by)
    },
    sent,
    sign,
    lists,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
