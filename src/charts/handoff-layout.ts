import type { Box, Curve } from './geometry.ts'

export type MapNode = {
  id: string
  detail: string
  /** Nodes of one rank stand beside one another; ranks follow in the order of the work, from 0. */
  rank: number
}
export type MapEdge = {
  from: string
  to: string
  volume: number
  /** The breach rate; null where no deadline is set. */
  share: number | null
  /** What is written at the edge; the first line is the figure. */
  label: string[]
}
/** Ranks side by side, or one below the other for narrow pages. */
export type Direction = 'across' | 'down'

export type PlacedNode = { node: MapNode; box: Box }
/** `straight`: from one rank to the next without a bend. */
export type PlacedEdge = { edge: MapEdge; curve: Curve; straight: boolean }
export type Layout = { nodes: PlacedNode[]; edges: PlacedEdge[]; width: number; height: number }

const NODE = { height: 54, most: 150, narrow: 118, gap: 64 }
const RANK_GAP = 78
const LANE = { across: 74, down: 54 }
const MARGIN = 6
/** On a narrow page, how far to the right of the nodes the first lane runs, and room for its words beyond it. */
const BESIDE = { lane: 150, words: 60 }

/**
 * Places the nodes by rank and leads the edges. An edge to the next rank goes there directly, the first of its pair;
 * whatever leads further, back or a second time goes around in a lane of its own: short ways inside, long ones
 * outside.
 */
export const layoutOf = (
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  direction: Direction,
  width: number,
): Layout => {
  const rank = new Map(nodes.map((node) => [node.id, node.rank]))
  const known = edges.filter(({ from, to }) => rank.has(from) && rank.has(to) && from !== to)
  const lanes = lanesOf(known, rank, direction)
  const placed = direction === 'across' ? across(nodes, width, lanes.forward) : down(nodes)
  const boxOf = new Map(placed.map(({ node, box }) => [node.id, box]))
  const lines = known.flatMap((edge): PlacedEdge[] => {
    const [from, to] = [boxOf.get(edge.from), boxOf.get(edge.to)]
    if (!from || !to) return []
    const lane = lanes.of.get(edge) ?? null
    if (lane !== null) {
      const curve =
        direction === 'across' ? arcAcross(from, to, lane, placed) : arcDown(from, to, lane, placed)
      return [{ edge, curve, straight: false }]
    }
    const curve = direction === 'across' ? directAcross(from, to) : directDown(from, to)
    const straight = direction === 'across' ? curve[1] === curve[7] : curve[0] === curve[6]
    return [{ edge, curve, straight }]
  })
  const below = direction === 'across' ? lanes.back * LANE.across : 0
  const right = placed.reduce((most, { box }) => Math.max(most, box.x + box.width), 0)
  const around = lanes.of.size === 0 ? MARGIN : BESIDE.lane + (lanes.of.size - 1) * LANE.down + BESIDE.words
  return {
    nodes: placed,
    edges: lines,
    width: direction === 'across' ? width : Math.max(width, right + around),
    height: placed.reduce((most, { box }) => Math.max(most, box.y + box.height), 0) + below + 22,
  }
}

type Lanes = { of: Map<MapEdge, number>; forward: number; back: number }

/** Across, forward lanes run above and back lanes below; down, all run on the right. */
const lanesOf = (
  edges: readonly MapEdge[],
  rank: ReadonlyMap<string, number>,
  direction: Direction,
): Lanes => {
  const direct = new Set<string>()
  const around: { edge: MapEdge; span: number }[] = []
  for (const edge of edges) {
    const span = (rank.get(edge.to) ?? 0) - (rank.get(edge.from) ?? 0)
    const pair = JSON.stringify([edge.from, edge.to])
    if (span === 1 && !direct.has(pair)) direct.add(pair)
    else around.push({ edge, span })
  }
  const lanes: Lanes = { of: new Map(), forward: 0, back: 0 }
  for (const { edge, span } of around.sort((a, b) => Math.abs(a.span) - Math.abs(b.span))) {
    lanes.of.set(edge, span > 0 && direction === 'across' ? lanes.forward++ : lanes.back++)
  }
  return lanes
}

const byRank = (nodes: readonly MapNode[]): MapNode[][] => {
  const ranks: MapNode[][] = []
  for (const node of nodes) {
    const rank = ranks[node.rank] ?? []
    ranks[node.rank] = rank
    rank.push(node)
  }
  return ranks.filter((rank) => rank !== undefined)
}

const across = (nodes: readonly MapNode[], width: number, lanesAbove: number): PlacedNode[] => {
  const ranks = byRank(nodes)
  const rows = Math.max(1, ...ranks.map((rank) => rank.length))
  const nodeWidth = Math.min(NODE.most, width / (ranks.length * (rows > 1 ? 2.3 : 1.9)))
  const step = (width - nodeWidth - 2 * MARGIN) / Math.max(1, ranks.length - 1)
  const top = 8 + lanesAbove * LANE.across
  return ranks.flatMap((rank, column) =>
    rank.map((node, row) => {
      const y = top + (row + (rows - rank.length) / 2) * (NODE.height + NODE.gap)
      return { node, box: { x: MARGIN + column * step, y, width: nodeWidth, height: NODE.height } }
    }),
  )
}

const down = (nodes: readonly MapNode[]): PlacedNode[] => {
  const ranks = byRank(nodes)
  const most = Math.max(1, ...ranks.map((rank) => rank.length))
  const nodeWidth = NODE.narrow
  const gap = most > 1 ? 56 : 0
  return ranks.flatMap((rank, row) =>
    rank.map((node, column) => {
      const x = MARGIN + (column + (most - rank.length) / 2) * (nodeWidth + gap)
      return {
        node,
        box: { x, y: 8 + row * (NODE.height + RANK_GAP), width: nodeWidth, height: NODE.height },
      }
    }),
  )
}

const directAcross = (from: Box, to: Box): Curve => {
  const [a, b] = [from.x + from.width, to.x]
  const [y1, y2] = [from.y + from.height / 2, to.y + to.height / 2]
  return [a, y1, (a + b) / 2, y1, (a + b) / 2, y2, b, y2]
}

const directDown = (from: Box, to: Box): Curve => {
  const [a, b] = [from.y + from.height, to.y]
  // Left of the middle, where the words have room beside it.
  const [x1, x2] = [from.x + from.width * 0.3, to.x + to.width * 0.3]
  return [x1, a, x1, (a + b) / 2, x2, (a + b) / 2, x2, b]
}

/** Forward over the top, back underneath; beside the middle, so that two arcs at one node stay apart. */
const arcAcross = (from: Box, to: Box, lane: number, nodes: readonly PlacedNode[]): Curve => {
  const back = to.x <= from.x
  const edge = nodes.reduce(
    (most, { box }) => (back ? Math.max(most, box.y + box.height) : Math.min(most, box.y)),
    back ? 0 : Number.POSITIVE_INFINITY,
  )
  const away = (lane + 1) * LANE.across - 22
  const [y1, y2] = back ? [from.y + from.height, to.y + to.height] : [from.y, to.y]
  const extreme = back ? edge + away : edge - away
  const control = (extreme - (y1 + y2) / 8) / 0.75
  const [a, b] = [from.x + from.width * (back ? 0.4 : 0.6), to.x + to.width * (back ? 0.6 : 0.4)]
  return [a, y1, a, control, b, control, b, y2]
}

/** Around on the right. */
const arcDown = (from: Box, to: Box, lane: number, nodes: readonly PlacedNode[]): Curve => {
  const right = nodes.reduce((most, { box }) => Math.max(most, box.x + box.width), 0)
  const [x1, x2] = [from.x + from.width, to.x + to.width]
  const control = (right + BESIDE.lane + lane * LANE.down - (x1 + x2) / 8) / 0.75
  const [y1, y2] = [from.y + from.height / 2, to.y + to.height / 2]
  return [x1, y1, control, y1, control, y2, x2, y2]
}
