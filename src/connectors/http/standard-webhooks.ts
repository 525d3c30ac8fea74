import { createHmac, timingSafeEqual } from 'node:crypto'
import type { RequestHead, Verified } from '../../app/connector.ts'

/** How far the sender's clock may be from ours, in ms: the five minutes of the Standard Webhooks specification. */
const TOLERANCE_MS = 5 * 60 * 1000

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')

/**
 * Verifies a webhook in the Standard Webhooks format: `webhook-signature` holds one or more `v1,<base64>` signatures,
 * each the HMAC-SHA256 of `id.timestamp.body` over the raw bytes. Every secret is tried, so that one can be replaced
 * without a gap. 401 = not signed by anyone we know, 400 = makes no sense, 403 = signed by the sender, but not now:
 * a replay.
 */
export const verifyStandardWebhook = (secrets: string[], head: RequestHead, body: Buffer): Verified => {
  const id = head.headers['webhook-id']
  const timestamp = head.headers['webhook-timestamp']
  const signatures = head.headers['webhook-signature']
  if (!id || !timestamp || !signatures) {
    return { ok: false, status: 401, reason: 'webhook-id, webhook-timestamp or webhook-signature is missing' }
  }
  if (!/^\d{1,12}$/.test(timestamp)) {
    return { ok: false, status: 400, reason: 'webhook-timestamp is not a number of seconds' }
  }
  const given = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
  const expected = secrets.map((secret) =>
    createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest(),
  )
  // Every pair is compared, so that the time taken does not tell which one matched.
  let matches = 0
  for (const ours of expected) {
    for (const theirs of given) {
      if (theirs.length === ours.length && timingSafeEqual(theirs, ours)) matches += 1
    }
  }
  if (matches === 0) return { ok: false, status: 401, reason: 'the signature matches no known secret' }
  const awayMs = Math.abs(head.receivedAt.getTime() - Number(timestamp) * 1000)
  if (awayMs > TOLERANCE_MS) {
    return { ok: false, status: 403, reason: `signed ${Math.round(awayMs / 1000)} s away from now: a replay` }
  }
  return { ok: true, deliveryKey: id }
}
