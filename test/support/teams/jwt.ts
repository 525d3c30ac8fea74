import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Json } from './json.ts'

/** What can be wrong with the token that comes with an activity. */
export type Forgery =
  | 'none'
  | 'audience'
  | 'issuer'
  /** Good, but given to the bot itself, as it sends it along with every call. */
  | 'own'
  | 'service_url'
  | 'expired'
  | 'signature'
  | 'unknown_key'
  | 'unsigned'
  | 'garbage'

const ISSUER = 'https://api.botframework.com'
/** The directory that gives bots their tokens. */
const DIRECTORY = 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/'
const LIFE_SECONDS = 3_600
const KEY_ID = 'double-key-1'

// One pair for every double of a process: making them is slow, and each double's keys are fetched from its own address.
const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 })

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The keys that Teams signs with, and the tokens it sends: right ones, and any kind of wrong one. */
export class Signer {
  /** The public keys, as bots fetch them. */
  jwks(): Json {
    const { n, e } = own.publicKey.export({ format: 'jwk' })
    return { keys: [{ kty: 'RSA', use: 'sig', kid: KEY_ID, n, e, endorsements: ['msteams'] }] }
  }

  /** The `Authorization` header of one delivery; null = there is none. */
  header(
    claims: { appId: string; serviceUrl: string; nowMs: number },
    forgery: Forgery | null,
  ): string | null {
    if (forgery === 'none') return null
    if (forgery === 'garbage') return 'Bearer not.a.token'
    return `Bearer ${this.#token(claims, forgery)}`
  }

  #token(
    { appId, serviceUrl, nowMs }: { appId: string; serviceUrl: string; nowMs: number },
    forgery: Forgery | null,
  ): string {
    const now = Math.floor(nowMs / 1000)
    // Receivers allow clocks to differ by five minutes.
    const from = forgery === 'expired' ? now - LIFE_SECONDS - 600 : now
    if (forgery === 'own') {
      return this.#signed(KEY_ID, own, {
        iss: DIRECTORY,
        aud: ISSUER,
        appid: appId,
        ver: '1.0',
        nbf: from,
        exp: from + LIFE_SECONDS,
      })
    }
    const payload = {
      iss: forgery === 'issuer' ? 'https://login.stranger.example' : ISSUER,
      aud: forgery === 'audience' ? '00000000-0000-4000-8000-000000000000' : appId,
      serviceurl: forgery === 'service_url' ? 'https://stranger.example/' : serviceUrl,
      nbf: from,
      exp: from + LIFE_SECONDS,
    }
    if (forgery === 'unsigned')
      return `${base64({ typ: 'JWT', alg: 'none', kid: KEY_ID })}.${base64(payload)}.`
    const kid = forgery === 'unknown_key' ? 'double-key-9' : KEY_ID
    return this.#signed(kid, forgery === 'signature' || forgery === 'unknown_key' ? strangers : own, payload)
  }

  #signed(kid: string, key: typeof own, payload: object): string {
    const signed = `${base64({ typ: 'JWT', alg: 'RS256', kid })}.${base64(payload)}`
    return `${signed}.${signature(signed, key.privateKey)}`
  }
}

const signature = (signed: string, key: KeyObject): string =>
  sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')
