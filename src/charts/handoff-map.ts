import { type Box, type Curve, curvePath, pointOn, pointsOf, roomFor } from './geometry.ts'
import {
  type Direction,
  layoutOf,
  type MapEdge,
  type MapNode,
  type PlacedEdge,
  type PlacedNode,
} from './handoff-layout.ts'
import { cut, type Drawing, px, svgOf, textAt, widthOf } from './svg.ts'
import { type Theme, TONES, toneOf } from './theme.ts'

export type HandoffMap = { title: string; nodes: MapNode[]; edges: MapEdge[] }

export type MapOptions = { direction: Direction; width: number; theme: Theme }

const LABEL = { size: 12, line: 16, pad: 5 }
const STROKE = { least: 2, most: 14 }

type Line = PlacedEdge & { stroke: number }

/**
 * The handoff map: systems as nodes in the order of the work, handoffs as edges; width = volume, colour = breach
 * rate, and both also in words at the edge.
 */
export const handoffMap = (map: HandoffMap, options: MapOptions): Drawing => {
  const { direction, width, theme } = options
  const layout = layoutOf(map.nodes, map.edges, direction, width)
  const most = Math.max(1, ...map.edges.map(({ volume }) => volume))
  const lines = layout.edges.map(
    (placed): Line => ({
      ...placed,
      stroke: STROKE.least + (STROKE.most - STROKE.least) * (placed.edge.volume / most),
    }),
  )
  const taken: Box[] = layout.nodes.map(({ box }) => box)
  const labels = lines.map((line) => labelOf(line, options, lines, taken, layout))
  const legend = legendOf(layout.width, layout.height + 8, theme)
  const body = [
    ...lines.map((line) => strokeOf(line, theme)),
    ...layout.nodes.map((each) => nodeOf(each, theme)),
    ...labels,
    legend.svg,
  ].join('')
  return svgOf(layout.width, layout.height + 8 + legend.height, map.title, body)
}

const strokeOf = ({ edge, curve, stroke }: Line, theme: Theme): string => {
  const colour = theme[toneOf(edge.share)]
  const [x, y] = [curve[6], curve[7]]
  const head = 6 + stroke * 0.8
  const length = Math.hypot(x - curve[4], y - curve[5]) || 1
  const [dx, dy] = [(x - curve[4]) / length, (y - curve[5]) / length]
  const base: [number, number] = [x - dx * head, y - dy * head]
  const tip = [
    x,
    y,
    base[0] - dy * head * 0.62,
    base[1] + dx * head * 0.62,
    base[0] + dy * head * 0.62,
    base[1] - dx * head * 0.62,
  ]
  const shortened: Curve = [...curve]
  shortened[6] = base[0]
  shortened[7] = base[1]
  const dash = edge.share === null ? ' stroke-dasharray="7 5"' : ''
  return (
    `<path d="${curvePath(shortened)}" fill="none" stroke="${colour}" stroke-width="${px(stroke)}"${dash}/>` +
    `<polygon points="${tip.map(px).join(' ')}" fill="${colour}"/>`
  )
}

const nodeOf = ({ node, box }: PlacedNode, theme: Theme): string => {
  const middle = box.x + box.width / 2
  const inner = box.width - 14
  const size = widthOf(node.id, 15, true) > inner ? 12.5 : 15
  return (
    `<rect x="${px(box.x)}" y="${px(box.y)}" width="${px(box.width)}" height="${px(box.height)}" rx="9" fill="${theme.panel}" stroke="${theme.soft}" stroke-width="1.2"/>` +
    textAt(middle, box.y + 23, cut(node.id, size, inner, true), {
      size,
      fill: theme.ink,
      bold: true,
      anchor: 'middle',
    }) +
    textAt(middle, box.y + 41, cut(node.detail, 12, inner), { size: 12, fill: theme.soft, anchor: 'middle' })
  )
}

/** Places along an edge at which its words may stand, the best first. */
const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]

/** A straight edge has its words above and below it, or beside it; one that bends wears them on a plate. */
const labelOf = (
  line: Line,
  { direction, theme }: MapOptions,
  lines: readonly Line[],
  taken: Box[],
  within: { width: number; height: number },
): string => {
  const { curve, stroke, edge, straight } = line
  const [figure = '', ...rest] = edge.label
  const width = Math.max(...edge.label.map((words, i) => widthOf(words, LABEL.size, i === 0))) + 2 * LABEL.pad
  const spread = straight && direction === 'across'
  const beside = straight && direction === 'down'
  const height = edge.label.length * LABEL.line + 6 + (spread ? stroke + 6 : 0)
  const spots = PLACES.map((t) => {
    const { x, y } = pointOn(curve, t)
    const left = beside ? x + stroke / 2 + 3 : x - width / 2
    return { x: left, y: spread ? y - stroke / 2 - 7 - 14 : y - height / 2, width, height }
  })
  const others = lines.filter((other) => other !== line).flatMap((other) => pointsOf(other.curve))
  const box = roomFor(spots, taken, others, within)
  taken.push(box)
  const x = beside ? box.x + LABEL.pad : box.x + width / 2
  const anchor = beside ? 'start' : 'middle'
  const below = box.y + 14 + LABEL.line + (spread ? stroke + 7 : 0)
  const plate = `<rect x="${px(box.x)}" y="${px(box.y)}" width="${px(width)}" height="${px(height)}" rx="5" fill="${theme.paper}" fill-opacity="0.9"/>`
  return (
    (spread ? '' : plate) +
    wordsOf([figure], x, box.y + 14, true, anchor, theme) +
    wordsOf(rest, x, below, false, anchor, theme)
  )
}

const wordsOf = (
  lines: string[],
  x: number,
  y: number,
  bold: boolean,
  anchor: 'start' | 'middle',
  theme: Theme,
): string =>
  lines
    .map((words, i) =>
      textAt(x, y + i * LABEL.line, words, {
        size: LABEL.size,
        fill: bold ? theme.ink : theme.soft,
        bold,
        anchor,
      }),
    )
    .join('')

/** What the colours and widths mean, in as many rows as the width asks for. */
const legendOf = (width: number, top: number, theme: Theme): { svg: string; height: number } => {
  const entries = [
    ...TONES.map(({ tone, words }) => ({ tone, words, dash: '' })),
    { tone: 'none' as const, words: 'seen in the data, no rate of its own', dash: ' stroke-dasharray="5 4"' },
  ]
  let [x, y, svg] = [6, top + 12, '']
  const put = (words: string, swatch: string, swatchWidth: number): void => {
    const needs = swatchWidth + widthOf(words, LABEL.size) + 16
    if (x > 6 && x + needs > width) {
      x = 6
      y += 20
    }
    svg += swatch
      .replaceAll('{x}', px(x))
      .replaceAll('{y}', px(y - 4))
      .replaceAll('{x2}', px(x + 22))
    svg += textAt(x + swatchWidth, y, words, { size: LABEL.size, fill: theme.soft })
    x += needs
  }
  put('Missed:', '', 0)
  for (const { tone, words, dash } of entries) {
    put(
      words,
      `<line x1="{x}" y1="{y}" x2="{x2}" y2="{y}" stroke="${theme[tone]}" stroke-width="6"${dash}/>`,
      28,
    )
  }
  put('Wider: more volume', '', 0)
  return { svg, height: y - top + 10 }
}
