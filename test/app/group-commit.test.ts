import { describe, expect, it } from 'vitest'
import { groupCommit } from '../../src/app/group-commit.ts'

class DatabaseDown extends Error {}

/** Commits that can be held up, and that refuse some items. */
const disk = (refuse: (item: number) => boolean = () => false) => {
  const batches: number[][] = []
  let open: Promise<void> = Promise.resolve()
  let release = () => {}
  const disk = {
    batches,
    hold() {
      open = new Promise((resolve) => {
        release = resolve
      })
    },
    release: () => release(),
    down: false,
    commit: groupCommit<number>(
      async (items) => {
        batches.push(items)
        await open
        if (disk.down) throw new DatabaseDown('no connection')
        const bad = items.find(refuse)
        if (bad !== undefined) throw new Error(`item ${bad} is bad`)
      },
      (error) => error instanceof DatabaseDown,
    ),
  }
  return disk
}

const fates = async (promises: Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(promises)).map((p) => (p.status === 'fulfilled' ? 'kept' : String(p.reason)))

describe('group commit', () => {
  it('commits together what arrives while a commit is under way', async () => {
    const it1 = disk()
    it1.hold()
    const all = [1, 2, 3, 4].map((item) => it1.commit(item))
    it1.release()
    await Promise.all(all)
    expect(it1.batches).toEqual([[1], [2, 3, 4]])
  })

  it('finds the one bad item of a batch, and keeps all its neighbours', async () => {
    const it1 = disk((item) => item === 5)
    it1.hold()
    const all = [1, 2, 3, 4, 5, 6, 7].map((item) => it1.commit(item))
    it1.release()
    expect(await fates(all)).toEqual(['kept', 'kept', 'kept', 'kept', 'Error: item 5 is bad', 'kept', 'kept'])
  })

  it('does not take a batch apart when the database is down: every part would only meet that again', async () => {
    const it1 = disk()
    it1.down = true
    it1.hold()
    const all = [1, 2, 3].map((item) => it1.commit(item))
    it1.release()
    expect(new Set(await fates(all))).toEqual(new Set(['Error: no connection']))
    expect(it1.batches).toHaveLength(2)
    it1.down = false
    await expect(it1.commit(4)).resolves.toBeUndefined()
  })

  it('commits at most 256 together', async () => {
    const it1 = disk()
    it1.hold()
    const all = Array.from({ length: 600 }, (_, item) => it1.commit(item))
    it1.release()
    await Promise.all(all)
    expect(it1.batches.map((batch) => batch.length)).toEqual([1, 256, 256, 87])
  })
})
