export type Point = { x: number; y: number }
export type Box = { x: number; y: number; width: number; height: number }

/** A cubic Bezier curve: start, two control points, end, as x and y in turn. */
export type Curve = [number, number, number, number, number, number, number, number]

export const curvePath = (curve: Curve): string => {
  const [x, y, ...rest] = curve.map((value) => Math.round(value * 10) / 10)
  return `M${x} ${y}C${rest.join(' ')}`
}

/** The point at the share `t` (0 to 1) of a curve. */
export const pointOn = ([x0, y0, x1, y1, x2, y2, x3, y3]: Curve, t: number): Point => {
  const u = 1 - t
  const of = (a: number, b: number, c: number, d: number): number =>
    u ** 3 * a + 3 * u ** 2 * t * b + 3 * u * t ** 2 * c + t ** 3 * d
  return { x: of(x0, x1, x2, x3), y: of(y0, y1, y2, y3) }
}

const SAMPLES = 24

/** Points along a curve, close enough to see whether something lies on it. */
export const pointsOf = (curve: Curve): Point[] =>
  Array.from({ length: SAMPLES + 1 }, (_, i) => pointOn(curve, i / SAMPLES))

const area = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y))

const holds = ({ x, y, width, height }: Box, point: Point): boolean =>
  point.x > x && point.x < x + width && point.y > y && point.y < y + height

/** What a covered point of another line counts, in px of covered label or node: lines may be crossed, words may not. */
const POINT_COSTS = 20

/** The spot, moved inside the picture, that covers least of what is taken and of other lines; the first of equals. */
export const roomFor = (
  spots: readonly Box[],
  taken: readonly Box[],
  lines: readonly Point[],
  within: { width: number; height: number },
): Box => {
  const cost = (spot: Box): number =>
    taken.reduce((sum, box) => sum + area(spot, box), 0) +
    lines.reduce((sum, point) => sum + Number(holds(spot, point)), 0) * POINT_COSTS
  const inside = spots.map((spot) => ({
    ...spot,
    x: Math.min(Math.max(spot.x, 0), Math.max(0, within.width - spot.width)),
    y: Math.min(Math.max(spot.y, 0), Math.max(0, within.height - spot.height)),
  }))
  const [first, ...others] = inside
  if (!first) throw new Error('a label needs at least one spot')
  return others.reduce((best, spot) => (cost(spot) < cost(best) ? spot : best), first)
}
