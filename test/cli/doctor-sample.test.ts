import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runCli, testFolder } from '../support/baton.ts'

const YML = `
systems:
  wms:
    kind: webhook
    role: wms
    verify: { hmac: { header: X-Signature, secrets: ["a secret"] } }
    facts:
      - each: shipments
        type: fulfillment
        id: id
        keys: { order: number }
        state: { path: status, map: { SHIPPED: shipped } }
        at: at
  edi: { kind: webhook, role: integration, verify: { bearer: { tokens: [t] } }, facts: [{ type: message, id: id, keys: { order: o }, state: error, at: at }] }
`
const BODY = JSON.stringify({
  shipments: [
    { id: 'D1', number: '#1001', status: 'SHIPPED', at: '2026-11-23T09:00:00Z' },
    { id: 'D2', number: '#1002', status: 'MISLAID', at: '2026-11-23T09:00:00Z' },
  ],
})
const printed = z.object({
  ok: z.boolean(),
  system: z.string(),
  facts: z.array(z.object({ id: z.string(), state: z.string(), feeds: z.array(z.string()) })),
  bad: z.array(z.object({ at: z.string(), reason: z.string() })),
  unknownWords: z.array(z.string()),
  signature: z.object({ is: z.string() }),
})

const folder = async (): Promise<string> => {
  const cwd = await testFolder()
  await Promise.all([
    writeFile(join(cwd, 'baton.yml'), YML),
    writeFile(join(cwd, 'sample.json'), BODY),
    writeFile(join(cwd, 'good.json'), BODY.replace('MISLAID', 'SHIPPED')),
  ])
  return cwd
}

describe('npx baton doctor --sample', () => {
  it('says what a pasted webhook would become, what is wrong with it and what it would feed', async () => {
    const cwd = await folder()
    const { code, out } = await runCli(['doctor', '--sample', 'sample.json', '--system', 'wms'], { cwd })
    expect(code).toBe(1)
    expect(out).toContain('this would become 1 facts, and 1 rows could not be read')
    expect(out).toMatch(/ok {3}fulfillment D1: shipped \(said as SHIPPED\) at .*is order 1001/)
    expect(out).toContain('wms-short-resolved')
    expect(out).toMatch(/BAD {2}shipments row 2 \(fulfillment\): state: nothing says what "MISLAID" means/)
    expect(out).toContain('Words that no map knows: MISLAID.')
    expect(out).toContain('Signature: not checked')
  })

  it('says whether the signature would be accepted, for programs too', async () => {
    const cwd = await folder()
    const sign = (secret: string) =>
      createHmac('sha256', secret).update(BODY.replace('MISLAID', 'SHIPPED')).digest('hex')
    const asked = (secret: string) =>
      runCli(
        [
          'doctor',
          '--json',
          '--sample',
          'good.json',
          '--system',
          'wms',
          '--header',
          `X-Signature: ${sign(secret)}`,
        ],
        { cwd },
      )
    const [good, bad] = await Promise.all([asked('a secret'), asked('another')])
    expect([good.code, bad.code]).toEqual([0, 1])
    expect(printed.parse(JSON.parse(good.out))).toMatchObject({
      ok: true,
      system: 'wms',
      facts: [
        { id: 'D1', state: 'shipped' },
        { id: 'D2', state: 'shipped' },
      ],
      bad: [],
      signature: { is: 'good' },
    })
    expect(printed.parse(JSON.parse(bad.out))).toMatchObject({ ok: false, signature: { is: 'bad' } })
  })

  it.each([
    [['--sample', 'sample.json'], /say which system it is from; systems that send: wms, edi\./],
    [
      ['--sample', 'sample.json', '--system', 'erp'],
      /"erp" is no system that sends; systems that send: wms, edi\./,
    ],
    [['--sample', 'none.json', '--system', 'wms'], /none\.json: cannot be read/],
    [
      ['--sample', 'sample.json', '--system', 'wms', '--header', 'nonsense'],
      /write it as 'X-Signature: abc'/,
    ],
  ])('%j is a wrong use', async (args, words) => {
    const { code, err } = await runCli(['doctor', ...args], { cwd: await folder() })
    expect(code).toBe(2)
    expect(err).toMatch(words)
  })
})
