import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { cipherOf } from '../../src/db/cipher.ts'
import { type Connection, connect } from '../../src/db/connect.ts'
import { createKeep } from '../../src/db/keep.ts'
import { testDatabase } from '../support/database.ts'

const newKey = (): string => randomBytes(32).toString('base64')

describe('what a surface keeps', () => {
  const database = testDatabase()
  let connection: Connection
  beforeAll(() => {
    connection = connect(database.url)
  })
  afterAll(() => connection.close())

  const keepWith = (keys?: string, surface = 'slack') => createKeep(connection.db, surface, cipherOf(keys))

  it('is there again for whoever asks under the same name, and for nobody else', async () => {
    const { plain } = keepWith()
    await plain.put('channel', 'c1', { at: 1 })
    await plain.put('channel', 'c1', { at: 2 })
    await plain.put('channel', 'c0', { at: 0 })
    expect(await plain.get('channel', 'c1')).toEqual({ at: 2 })
    expect(await plain.list('channel')).toEqual([
      { key: 'c0', value: { at: 0 } },
      { key: 'c1', value: { at: 2 } },
    ])
    expect(await keepWith(undefined, 'teams').plain.get('channel', 'c1')).toBeNull()
    await plain.remove('channel', 'c1')
    expect(await plain.get('channel', 'c1')).toBeNull()
  })

  it('shows nothing secret to whoever reads the database, and nothing to another key', async () => {
    const key = newKey()
    const { secret, plain } = keepWith(key)
    await secret.put('installation', 'T1', { token: 'xoxb-invented' })
    expect(await secret.get('installation', 'T1')).toEqual({ token: 'xoxb-invented' })
    expect(await plain.get('installation', 'T1')).toBeNull()
    const rows = await connection.db.execute(sql`select value from surface_keep where kind = 'installation'`)
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain('invented')
    await expect(keepWith(newKey()).secret.get('installation', 'T1')).rejects.toThrow(UserError)
  })

  it('opens with the key before as long as that stands after the new one', async () => {
    const [old, fresh] = [newKey(), newKey()]
    await keepWith(old).secret.put('installation', 'T2', { token: 'a' })
    const both = keepWith(`${fresh}, ${old}`).secret
    expect(await both.get('installation', 'T2')).toEqual({ token: 'a' })
    await both.put('installation', 'T2', { token: 'b' })
    expect(await keepWith(fresh).secret.get('installation', 'T2')).toEqual({ token: 'b' })
  })

  it('refuses a sealed value that was moved to another name or changed', async () => {
    const { secret } = keepWith(newKey())
    await secret.put('installation', 'mine', { token: 'mine' })
    await secret.put('installation', 'theirs', { token: 'theirs' })
    await connection.db.execute(
      sql`update surface_keep a set value = b.value from surface_keep b where a.key = 'mine' and b.key = 'theirs'`,
    )
    await expect(secret.get('installation', 'mine')).rejects.toThrow('cannot be decrypted')
    await connection.db.execute(
      sql`update surface_keep set value = 'AAAA' || substr(value, 5) where key = 'theirs'`,
    )
    await expect(secret.get('installation', 'theirs')).rejects.toThrow('cannot be decrypted')
  })

  it('keeps no secret without a key, and says how to make one', async () => {
    await expect(keepWith().secret.put('installation', 'T3', { token: 'a' })).rejects.toThrow(
      'openssl rand -base64 32',
    )
    expect(() => cipherOf('too-short')).toThrow('32 random bytes')
  })

  it('lets one at a time work on the same thing, and the next one see what it wrote', async () => {
    const key = newKey()
    const replicas = [keepWith(key).secret, keepWith(key).secret, keepWith(key).secret]
    let refreshed = 0
    const tokens = await Promise.all(
      replicas.map((secret) =>
        secret.locked('token', 'T4', async (current, put) => {
          if (current !== null) return current
          refreshed += 1
          await put({ token: `t${refreshed}` })
          return { token: `t${refreshed}` }
        }),
      ),
    )
    expect(refreshed).toBe(1)
    expect(tokens).toEqual([{ token: 't1' }, { token: 't1' }, { token: 't1' }])
  })

  it('forgets what was put by work that failed', async () => {
    const { plain } = keepWith()
    const failing = plain.locked('token', 'T5', async (_, put) => {
      await put({ token: 'half' })
      throw new Error('the line broke')
    })
    await expect(failing).rejects.toThrow('the line broke')
    expect(await plain.get('token', 'T5')).toBeNull()
  })
})
