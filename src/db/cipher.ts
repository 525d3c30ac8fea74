import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { UserError } from '../app/errors.ts'

/** Encrypts what the database must not hold in the clear. `about` is bound to it: a value moved elsewhere opens no more. */
export type Cipher = {
  seal(text: string, about: string): string
  /** Throws UserError where none of the keys fits, or the value is not what was sealed. */
  open(sealed: string, about: string): string
}

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
/** As NIST SP 800-38D recommends for GCM. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

const keyOf = (text: string): Buffer => {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (bytes.length === KEY_BYTES) return bytes
  throw new UserError(
    'BATON_ENCRYPTION_KEY must be 32 random bytes in base64 (or hex): openssl rand -base64 32. To change it, put the ' +
      'new one before the old one, with a comma between.',
    2,
  )
}

/**
 * AES-256 in GCM. `keys` as in BATON_ENCRYPTION_KEY: the first one seals, each of them opens, so that a key can be
 * changed without losing what the one before has sealed; null where none is set. Throws UserError for what is no key.
 */
export const cipherOf = (keys: string | undefined): Cipher | null => {
  if (keys === undefined) return null
  const [first, ...others] = keys.split(',').map((each) => keyOf(each.trim()))
  if (!first) throw new Error('split() answers at least one part')

  const openWith = (key: Buffer, sealed: Buffer, about: string): string | null => {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(about))
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    } catch {
      return null
    }
  }

  return {
    seal(text, about) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, first, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(about))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64')
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed, 'base64')
      for (const key of [first, ...others]) {
        const text = openWith(key, bytes, about)
        if (text !== null) return text
      }
      throw new UserError(
        `What Baton keeps as ${about} cannot be decrypted. Put the key that it was written with after the new one in ` +
          'BATON_ENCRYPTION_KEY, with a comma between.',
      )
    },
  }
}
