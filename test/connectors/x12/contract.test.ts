import { createHmac } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { x12Config } from '../../../src/connectors/x12/config.ts'
import { createX12Connector } from '../../../src/connectors/x12/index.ts'
import { describeConnector, type SignedRequest } from '../../contracts/connector.ts'
import { interchange, inventory, shipAdvice, stockReceipt } from '../../support/x12/documents.ts'

const SECRET = 'a secret of the gateway'
const signed = (secret: string, body: Buffer): SignedRequest => ({
  headers: { 'x-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
  body,
})

/** A 3PL that sends each document by HTTP and puts it into the folder as well. */
const start = async () => {
  const root = await mkdtemp(join(tmpdir(), 'baton-x12-'))
  const path = join(root, 'in')
  const connectorAt = (folder: string) =>
    createX12Connector(
      {
        ...x12Config.parse({
          role: 'wms',
          verify: { hmac: { header: 'X-Signature', secrets: [SECRET], prefix: 'sha256=' } },
          folder: { path: folder, quiet: '0s' },
        }),
        name: 'bravo',
      },
      { now: () => new Date() },
    )
  const connector = connectorAt(path)
  const sent: SignedRequest[] = []
  let control = 904
  const send = async (...documents: Parameters<typeof interchange>[1][]) => {
    const time = `05${String(control++ % 60).padStart(2, '0')}`
    const body = Buffer.from(interchange({ control, time }, ...documents))
    sent.push(signed(SECRET, body))
    await writeFile(join(path, `${control}.edi`), body)
  }
  await mkdir(path)
  return {
    connector,
    now: () => new Date(),
    async live() {
      await send(shipAdvice(), inventory())
      await send(stockReceipt())
      await send(shipAdvice({ head: `W06*F*${2000 + control}*20261122*S-${control}`, tracking: [] }))
    },
    webhooks: {
      sent: () => sent,
      sign: (body: Buffer) => signed(SECRET, body),
      forge: (body: Buffer) => signed('another secret', body),
    },
    actionCase: () => Promise.reject(new Error('It is only listened to')),
    // A file stands where the folder should be.
    withWrongCredentials: () => connectorAt(fileURLToPath(import.meta.url)),
    unplug: () => rm(path, { recursive: true, force: true }),
    stop: () => rm(root, { recursive: true, force: true }),
  }
}

describeConnector('X12', { pushes: 'undated', polls: 'once', actions: [] }, start)
