import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roomFor } from '../../src/charts/geometry.ts'
import { layoutOf, type MapEdge } from '../../src/charts/handoff-layout.ts'
import { handoffMap } from '../../src/charts/handoff-map.ts'
import { intervalChart } from '../../src/charts/interval-chart.ts'
import { renderPng } from '../../src/charts/png.ts'
import { svgOf, textAt } from '../../src/charts/svg.ts'
import { light, page, toneOf } from '../../src/charts/theme.ts'
import { trendChart } from '../../src/charts/trend-chart.ts'

const edge = (from: string, to: string, volume: number, share: number | null): MapEdge => ({
  from,
  to,
  volume,
  share,
  label: [share === null ? 'no deadline' : `${Math.round(share * 100)}% missed`, `n ${volume}`],
})
const node = (id: string, rank: number) => ({ id, detail: 'role', rank })
const MAP = {
  title: 'Map',
  nodes: [node('shop', 0), node('north', 1), node('south', 1), node('<carrier>', 2)],
  edges: [
    edge('shop', 'north', 1_000, 0.004),
    edge('shop', 'south', 500, 0.2),
    edge('north', '<carrier>', 1_000, null),
    edge('<carrier>', 'shop', 1_400, 0.07),
  ],
}
const strokes = (svg: string): { width: number; colour: string }[] =>
  [...svg.matchAll(/<path d="M[^"]+" fill="none" stroke="([^"]+)" stroke-width="([\d.]+)"/g)].map(
    (found) => ({
      colour: found[1] ?? '',
      width: Number(found[2]),
    }),
  )

describe('the handoff map', () => {
  it('draws volume as width and the breach rate as colour, and says both in words too', () => {
    const { svg } = handoffMap(MAP, { direction: 'across', width: 900, theme: light })
    const drawn = strokes(svg)
    expect(drawn.map(({ colour }) => colour)).toEqual([light.low, light.high, light.none, light.raised])
    const widths = drawn.map(({ width }) => width)
    expect(widths[1]).toBeLessThan(widths[0] ?? 0)
    expect(widths[0]).toBe(widths[2])
    expect(widths[3]).toBe(Math.max(...widths))
    for (const words of ['0% missed', '20% missed', '7% missed', 'no deadline', 'n 500', '15% or more'])
      expect(svg).toContain(`>${words}</text>`)
  })

  it('shows names as names, whatever signs they have', () => {
    const { svg } = handoffMap(MAP, { direction: 'down', width: 340, theme: page })
    expect(svg).toContain('>&#60;carrier&#62;</text>')
    expect(svg).not.toContain('<carrier>')
    expect(svg).toContain('var(--raised)')
  })

  it('keeps systems of one role beside one another, and all of them inside the picture', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('across' as const, 'down' as const),
        (sizes, direction) => {
          const nodes = sizes.flatMap((size, rank) =>
            Array.from({ length: size }, (_, i) => node(`${rank}-${i}`, rank)),
          )
          const {
            nodes: placed,
            width,
            height,
          } = layoutOf(nodes, [], direction, direction === 'across' ? 900 : 340)
          for (const { node: own, box } of placed) {
            expect(box.x).toBeGreaterThanOrEqual(0)
            expect(box.x + box.width).toBeLessThanOrEqual(width)
            expect(box.y + box.height).toBeLessThanOrEqual(height)
            for (const { node: other, box: there } of placed) {
              if (other.id === own.id) continue
              const apart =
                box.x + box.width <= there.x ||
                there.x + there.width <= box.x ||
                box.y + box.height <= there.y ||
                there.y + there.height <= box.y
              expect(apart).toBe(true)
              if (other.rank === own.rank)
                expect(direction === 'across' ? there.x : there.y).toBe(
                  direction === 'across' ? box.x : box.y,
                )
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('puts words where nothing else is, as long as there is such a place', () => {
    const spot = (x: number) => ({ x, y: 0, width: 10, height: 10 })
    const within = { width: 100, height: 10 }
    expect(roomFor([spot(0), spot(40)], [spot(5)], [], within)).toEqual(spot(40))
    expect(roomFor([spot(0), spot(40)], [], [{ x: 5, y: 5 }], within)).toEqual(spot(40))
    expect(roomFor([spot(200)], [], [], within)).toEqual(spot(90))
  })
})

it('the tone of a rate is that of its class', () => {
  expect([0, 0.0099, 0.01, 0.05, 0.15, 1, null].map(toneOf)).toEqual([
    'low',
    'low',
    'some',
    'raised',
    'high',
    'high',
    'none',
  ])
})

describe('charts', () => {
  it('of shares have a whisker only where there is an interval', () => {
    const row = { label: 'Late', share: 0.2, words: '20% (n = 50)', tone: 'high' as const }
    const options = { width: 300, theme: light }
    const plain = intervalChart('Shares', [{ ...row, interval: null }], options)
    const whisker = intervalChart('Shares', [{ ...row, interval: { low: 0.1, high: 0.4 } }], options)
    expect(plain.svg).not.toContain('<path')
    expect(whisker.svg).toContain('<path')
    expect(whisker.svg).toContain('20% (n = 50)')
  })

  it('of weeks follow the page’s colours, leave gaps where nothing is known, and ask nothing of the network', async () => {
    const draw = async (known: boolean[]): Promise<string> => {
      const points = known.map((each, i) => ({
        start: `2026-01-${10 + i}`,
        share: each ? 0.1 : null,
        volume: 20,
      }))
      return (await trendChart('Weeks', points, { width: 340, theme: page, ticks: 4 })).svg
    }
    const [whole, gap] = await Promise.all([draw([true, true, true, true]), draw([true, true, false, true])])
    expect(whole).toContain('aria-label="Weeks"')
    expect(whole).toContain('2026-01-10')
    expect(whole.replaceAll(/xmlns(:xlink)?="[^"]+"/g, '')).not.toMatch(/https?:|@import|<image/)
    const marks = (svg: string): number => svg.split('var(--raised)').length - 1
    expect(marks(whole)).toBeGreaterThan(marks(gap))
  })
})

describe('a PNG', () => {
  const size = (png: Uint8Array): number[] => {
    const view = new DataView(png.buffer, png.byteOffset)
    return [view.getUint32(16), view.getUint32(20)]
  }
  const words = svgOf(
    200,
    40,
    'Words',
    textAt(5, 25, 'Handoffs 9.7%', { size: 20, fill: '#000000', bold: true }),
  )

  it('is one, at twice the size of its drawing', async () => {
    const png = await renderPng(words)
    expect([...png.slice(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    expect(size(png)).toEqual([400, 80])
  })

  it('has its words drawn with the font that Baton brings along', async () => {
    const [drawn, fontless, empty] = await Promise.all([
      renderPng(words),
      renderPng(words, []),
      renderPng(svgOf(200, 40, 'Nothing', '')),
    ])
    expect(Buffer.from(fontless).equals(Buffer.from(empty))).toBe(true)
    expect(Buffer.from(drawn).equals(Buffer.from(empty))).toBe(false)
  })

  it('of something that is no drawing fails, with the reason', async () => {
    await expect(renderPng({ svg: 'no svg', width: 10, height: 10 })).rejects.toThrow(
      /svg|unknown token|parse/i,
    )
  })
})
