import type { RequestHead, Verified } from '../../../app/connector.ts'
import { verifySender } from '../../http/signature.ts'
import { verifyStandardWebhook } from '../../http/standard-webhooks.ts'
import type { VerifyConfig } from './config.ts'

/** Whom a delivery is from; `id` where the way of signing names the delivery itself. */
type Authentic = { ok: true; id?: string } | Extract<Verified, { ok: false }>

/** Whether a delivery is from whom it should be, by the raw bytes and in constant time. */
export const verifyDelivery = (config: VerifyConfig, head: RequestHead, body: Buffer): Authentic => {
  const { standard_webhooks: standard, ...proof } = config
  if (!standard) return verifySender(proof, head, body)
  const verified = verifyStandardWebhook(standard.secrets, head, body)
  return verified.ok ? { ok: true, id: verified.deliveryKey } : verified
}
