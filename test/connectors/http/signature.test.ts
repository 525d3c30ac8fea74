import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { senderProof, verifySender } from '../../../src/connectors/http/signature.ts'

const BODY = Buffer.from('ISA*00*')
const RECEIVED = new Date('2026-11-23T06:00:00Z')
const verify = (proof: z.input<typeof senderProof>, headers: Record<string, string>, body = BODY) =>
  verifySender(senderProof.parse(proof), { headers, receivedAt: RECEIVED }, body)
const REFUSED = { ok: false, status: 401 }

describe('a sender that signs', () => {
  const sign = (secret: string, encoding: 'hex' | 'base64', algorithm = 'sha256') =>
    createHmac(algorithm, secret).update(BODY).digest(encoding)
  const hmac = { header: 'X-Signature', secrets: ['old', 'new'] }
  const proof = { hmac }

  it('is known by any of its secrets, in hex or base64, with or without a prefix', () => {
    for (const secret of ['old', 'new']) {
      expect(verify(proof, { 'x-signature': sign(secret, 'hex') })).toEqual({ ok: true })
      expect(verify(proof, { 'x-signature': sign(secret, 'hex').toUpperCase() })).toEqual({ ok: true })
    }
    const base64 = { hmac: { ...hmac, encoding: 'base64' as const, prefix: 'v1=' } }
    expect(verify(base64, { 'x-signature': `v1=${sign('new', 'base64')}` })).toEqual({ ok: true })
    const longer = { hmac: { ...hmac, algorithm: 'sha512' as const } }
    expect(verify(longer, { 'x-signature': sign('new', 'hex', 'sha512') })).toEqual({ ok: true })
  })

  it('is refused without its header, with another secret, encoding, prefix or body', () => {
    const genuine = sign('new', 'hex')
    expect(verify(proof, {})).toMatchObject(REFUSED)
    expect(verify(proof, { 'x-signature': '' })).toMatchObject(REFUSED)
    expect(verify(proof, { 'x-signature': sign('another', 'hex') })).toMatchObject(REFUSED)
    expect(verify(proof, { 'x-signature': sign('new', 'base64') })).toMatchObject(REFUSED)
    expect(verify(proof, { 'x-signature': genuine.slice(0, -2) })).toMatchObject(REFUSED)
    expect(verify({ hmac: { ...hmac, prefix: 'v1=' } }, { 'x-signature': genuine })).toMatchObject(REFUSED)
    expect(verify(proof, { 'x-signature': genuine }, Buffer.from('ISA*01*'))).toMatchObject(REFUSED)
  })
})

describe('a sender with a token', () => {
  const proof = { bearer: { tokens: ['old', 'new'] } }

  it('is known by any of its tokens, and refused with another or none', () => {
    expect(verify(proof, { authorization: 'Bearer new' })).toEqual({ ok: true })
    expect(verify(proof, { authorization: 'bearer old' })).toEqual({ ok: true })
    for (const authorization of ['Bearer', 'Bearer ', 'Bearer newer', 'Basic new', 'new', '']) {
      expect(verify(proof, { authorization }), authorization).toMatchObject(REFUSED)
    }
    expect(verify(proof, {})).toMatchObject(REFUSED)
  })
})

describe('a sender with a name and a password', () => {
  const proof = { basic: { user: 'gateway', passwords: ['p:1', 'p2'] } }
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  it('is known by its name with any of its passwords, and refused otherwise', () => {
    expect(verify(proof, basic('gateway:p:1'))).toEqual({ ok: true })
    expect(verify(proof, basic('gateway:p2'))).toEqual({ ok: true })
    for (const text of ['gateway:p3', 'other:p2', 'gateway', ':p2', '']) {
      expect(verify(proof, basic(text)), text).toMatchObject(REFUSED)
    }
    expect(verify(proof, { authorization: 'Bearer x' })).toMatchObject(REFUSED)
  })
})

it('what cannot prove anything is not configured', () => {
  expect(senderProof.safeParse({ hmac: { header: 'x sig', secrets: ['s'] } }).success).toBe(false)
  expect(senderProof.safeParse({ hmac: { header: 'x', secrets: [] } }).success).toBe(false)
  expect(senderProof.safeParse({ bearer: { tokens: [''] } }).success).toBe(false)
  expect(senderProof.safeParse({ basic: { user: 'a:b', passwords: ['s'] } }).success).toBe(false)
  expect(senderProof.safeParse({}).success).toBe(false)
  const two = { bearer: { tokens: ['t'] }, basic: { user: 'a', passwords: ['s'] } }
  expect(senderProof.safeParse(two).success).toBe(false)
})
