import type { Connector } from '../../app/connector.ts'
import type { X12Config } from './config.ts'
import { createFolder } from './folder.ts'
import { parseX12 } from './parse.ts'
import { createWebhook, MAX_BYTES } from './webhook.ts'

/** A trading partner that speaks X12, by HTTP, through a folder, or both. It is only listened to. */
export const createX12Connector = (config: X12Config, deps: { now(): Date }): Connector => {
  const folder = config.folder
    ? createFolder(config.folder, {
        system: config.name,
        maxBytes: MAX_BYTES,
        now: deps.now,
        parse: (body) => parseX12(config, body),
      })
    : null
  return {
    system: config.name,
    role: config.role,
    kind: 'x12',
    ...(config.verify ? { webhook: createWebhook(config, config.verify) } : {}),
    ...(folder ? { poll: { changes: folder.changes } } : {}),
    actions: [],
    // Who only pushes cannot be asked whether he is there.
    probe: async () => folder?.probe(),
  }
}
