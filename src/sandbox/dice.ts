import { createHash } from 'node:crypto'

/** From (inclusive) and to (exclusive, unless equal). */
export type Range = readonly [from: number, to: number]

export type Dice = {
  /** Evenly spread in [0, 1). */
  share(): number
  /** A whole number in [from, to). */
  between(range: Range): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  shuffle<T>(list: readonly T[]): T[]
}

/**
 * Chance that depends on names alone: the dice of (seed, 'order', 1007) always fall the same way, whatever else has
 * happened in the world. That keeps a run repeatable although people press buttons in the middle of it.
 */
export const dice = (seed: string, ...names: (string | number)[]): Dice => {
  const root = JSON.stringify([seed, ...names])
  let block = Buffer.alloc(0)
  let blocks = 0
  const share = (): number => {
    if (block.length < 4) block = createHash('sha256').update(`${blocks++}${root}`).digest()
    const value = block.readUInt32BE(0)
    block = block.subarray(4)
    return value / 2 ** 32
  }
  const between = ([from, to]: Range): number => Math.floor(from + share() * Math.max(0, to - from))
  const shuffle = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, at: share() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
  return {
    share,
    between,
    shuffle,
    chance: (probability) => share() < probability,
    pick(list) {
      const item = list[between([0, list.length])]
      if (item === undefined) throw new Error('Cannot pick from an empty list')
      return item
    },
  }
}
