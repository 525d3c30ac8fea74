import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SystemError } from '../../../src/app/errors.ts'
import { createHttpClient } from '../../../src/connectors/http/client.ts'
import { type Guard, type Lookup, reservedRange } from '../../../src/connectors/http/guard.ts'

let server: Server
let calls: number
let sent: string | null
beforeEach(async () => {
  calls = 0
  sent = null
  server = createServer((_, response) => {
    calls += 1
    if (sent === null) response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
    else response.writeHead(302, { location: sent }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const port = () => (server.address() as AddressInfo).port
/** A resolver that answers each question with the next of these addresses, and the last one from then on. */
const resolver = (...answers: string[][]): { lookup: Lookup; asked: string[] } => {
  const asked: string[] = []
  const lookup: Lookup = (name, _options, done) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(name)
    setImmediate(() =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    )
  }
  return { lookup, asked }
}
const call = async (host: string, guard: Partial<Guard> = {}, how: 'read' | 'change' = 'read') => {
  const http = createHttpClient({
    system: 'edi',
    baseUrl: `http://${host}:${port()}`,
    headers: {},
    retries: 0,
    timeoutMs: 1_000,
    guard: { allowHosts: [], ...guard },
  })
  try {
    return (await http[how]({ path: '/x', signal: AbortSignal.timeout(5_000) })).status
  } catch (error) {
    if (error instanceof SystemError) return `${error.failure}: ${error.message}`
    throw error
  }
}

describe('an address', () => {
  it.each(['::7f00:1', '::a00:1', '::', '::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::'])(
    '%s, which hides one in IPv6, is not public',
    (address) => {
      expect(reservedRange(address)).not.toBeNull()
    },
  )
})

describe('a guarded client', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[fe80::1]',
  ])('does not call %s, and says how to allow it', async (host) => {
    for (const how of ['read', 'change'] as const) {
      expect(await call(host, {}, how)).toMatch(/^misconfigured: edi: .*no public address.*allow_hosts/)
    }
    expect(calls).toBe(0)
  })

  it('calls a private host that is allowed by its name, however it is written', async () => {
    expect(await call('127.0.0.1', { allowHosts: ['127.0.0.1'] })).toBe(200)
    expect(await call('LOCALHOST', { allowHosts: ['localhost'] })).toBe(200)
    expect(await call('localhost', { allowHosts: ['Localhost.'] })).toBe(200)
    const { lookup, asked } = resolver(['127.0.0.1'])
    expect(await call('erp.example.test', { allowHosts: ['erp.example.test'], lookup })).toBe(200)
    expect(asked).toEqual(['erp.example.test'])
    expect(await call('127.0.0.1', { allowHosts: ['localhost'] })).toContain('no public address')
    expect(calls).toBe(4)
  })

  it('does not call a name that leads to a private address, also where only one of its addresses is one', async () => {
    for (const addresses of [['127.0.0.1'], ['::ffff:10.0.0.1'], ['93.184.215.14', '127.0.0.1']]) {
      expect(await call('shop.example.test', resolver(addresses))).toMatch(
        /^misconfigured: edi: shop.example.test is .*, which is no public address/,
      )
    }
    expect(calls).toBe(0)
  })

  it('connects to the very answer that it has checked, and asks only once: a name cannot change its mind', async () => {
    const rebinding = resolver(['203.0.113.7'], ['127.0.0.1'])
    expect(await call('rebind.example.test', rebinding)).toContain('no public address')
    expect(rebinding.asked).toHaveLength(1)
    // Allowed by name, and so connected to: the first answer counts, and no second one is asked for.
    const moving = resolver(['127.0.0.1'], ['203.0.113.7'])
    expect(await call('moving.example.test', { ...moving, allowHosts: ['moving.example.test'] })).toBe(200)
    expect(moving.asked).toHaveLength(1)
    expect(calls).toBe(1)
  })

  it('does not follow a redirect into the network', async () => {
    sent = 'http://169.254.169.254/latest/meta-data'
    expect(await call('127.0.0.1', { allowHosts: ['127.0.0.1'] })).toMatch(/^misconfigured: edi redirects/)
    expect(calls).toBe(1)
  })
})

describe('a reserved address', () => {
  it('is told from a public one', () => {
    for (const address of ['93.184.215.14', '8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8']) {
      expect(reservedRange(address), address).toBeNull()
    }
    for (const address of ['', 'x', '300.1.1.1', '255.255.255.255', '224.0.0.1', 'ff02::1', '2002:7f00:1::'])
      expect(reservedRange(address), address).not.toBeNull()
  })

  it('stays one when it is written as IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(reservedRange(`::ffff:${address}`)).toBe(reservedRange(address))
      }),
    )
  })
})
