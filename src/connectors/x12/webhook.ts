import type { WebhookIntake } from '../../app/connector.ts'
import { type SenderProof, verifySender } from '../http/signature.ts'
import type { X12Config } from './config.ts'
import { readInterchanges } from './envelope.ts'
import { deliveryKeyOf, parseX12 } from './parse.ts'

/** The largest file that is read, in bytes: an inventory of some thirty thousand articles. */
export const MAX_BYTES = 2 * 1024 * 1024

/** Documents by HTTP, from a gateway (AS2, VAN) that adds a signature, a token or a password. */
export const createWebhook = (config: X12Config, proof: SenderProof): WebhookIntake => {
  // Named first and read then: the same bytes are taken apart once.
  const known = new WeakMap<Buffer, ReturnType<typeof readInterchanges>>()
  const read = (body: Buffer) => {
    const interchanges = known.get(body) ?? readInterchanges(body)
    known.set(body, interchanges)
    return interchanges
  }
  return {
    maxBytes: MAX_BYTES,
    verify(head, body) {
      const proven = verifySender(proof, head, body)
      return proven.ok ? { ok: true, deliveryKey: deliveryKeyOf(body, read) } : proven
    },
    parse: (body) => parseX12(config, body, read),
  }
}
