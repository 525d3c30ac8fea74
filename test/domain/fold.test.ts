import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseRoot, foldPlan, type PossibleRoot } from '../../src/domain/fold.ts'

const contract = (id: string, ...foldsUnder: string[]) => ({ id, foldsUnder })
const possible = (over: Partial<PossibleRoot> = {}): PossibleRoot => ({
  id: '1',
  contract: 'drift',
  isSame: false,
  subjectKey: 'MUG@A',
  ...over,
})

describe('what explains what', () => {
  it('is what the contracts say, both ways', () => {
    const plan = foldPlan([
      contract('drift'),
      contract('oversold', 'drift'),
      contract('short', 'oversold', 'drift'),
    ])
    expect(plan.rootsOf('short')).toEqual(['oversold', 'drift'])
    expect(plan.consequencesOf('drift')).toEqual(['oversold', 'short'])
    expect([plan.rootsOf('drift'), plan.consequencesOf('short'), plan.rootsOf('unheard-of')]).toEqual([
      [],
      [],
      [],
    ])
  })

  it('leaves out contracts that are not on, and one that names itself', () => {
    const plan = foldPlan([contract('short', 'not-on', 'short')])
    expect(plan.rootsOf('short')).toEqual([])
  })

  it('leaves out circles, and keeps what only leads into one', () => {
    const plan = foldPlan([contract('a', 'b'), contract('b', 'c'), contract('c', 'a'), contract('d', 'a')])
    expect(['a', 'b', 'c', 'd'].map((id) => plan.rootsOf(id))).toEqual([[], [], [], ['a']])
  })

  it('never hides everything: whatever contracts name, following their roots comes to an end', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const anyContracts = fc.tuple(...ids.map((id) => fc.subarray(ids).map((under) => contract(id, ...under))))
    const depth = (plan: ReturnType<typeof foldPlan>, id: string): number =>
      1 + Math.max(0, ...plan.rootsOf(id).map((root) => depth(plan, root)))
    fc.assert(
      fc.property(anyContracts, (contracts) => {
        const plan = foldPlan(contracts)
        for (const id of ids) expect(depth(plan, id)).toBeLessThanOrEqual(ids.length)
      }),
    )
  })
})

describe('the root of an exception', () => {
  const plan = foldPlan([
    contract('drift'),
    contract('oversold', 'drift'),
    contract('short', 'oversold', 'drift'),
  ])

  it('is none where nothing that could explain it is open', () => {
    expect(chooseRoot(plan, 'short', [])).toBeNull()
    expect(chooseRoot(plan, 'oversold', [possible({ contract: 'short' })])).toBeNull()
  })

  it('is the best explanation, then the subject itself, then the first by name', () => {
    const far = possible({ id: '1', contract: 'oversold', subjectKey: 'PEN@A' })
    const near = possible({ id: '2', contract: 'oversold', isSame: true, subjectKey: 'PEN@B' })
    const worse = possible({ id: '3', contract: 'drift', isSame: true })
    const first = possible({ id: '4', contract: 'oversold', subjectKey: 'MUG@A' })
    expect(chooseRoot(plan, 'short', [worse, far, near, first])?.id).toBe('2')
    expect(chooseRoot(plan, 'short', [worse, far, first])?.id).toBe('4')
    expect(chooseRoot(plan, 'short', [worse])?.id).toBe('3')
  })

  it('does not depend on the order in which the possible ones are known', () => {
    const all = ['drift', 'oversold'].flatMap((name) =>
      ['MUG@A', 'PEN@B'].flatMap((subjectKey) =>
        [true, false].map((isSame) =>
          possible({ id: `${name} ${subjectKey} ${isSame}`, contract: name, subjectKey, isSame }),
        ),
      ),
    )
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (some) => {
        const sorted = [...some].sort((a, b) => (a.id < b.id ? -1 : 1))
        expect(chooseRoot(plan, 'short', some)).toEqual(chooseRoot(plan, 'short', sorted))
      }),
    )
  })
})
