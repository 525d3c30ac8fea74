import type { MapEdge, MapNode } from '../charts/handoff-layout.ts'
import { type HandoffMap, handoffMap } from '../charts/handoff-map.ts'
import type { Drawing } from '../charts/svg.ts'
import type { Theme } from '../charts/theme.ts'
import type { Step } from '../domain/diagnosis/steps.ts'
import type { Report } from './report.ts'
import { count, percent, plain } from './words.ts'

/** Side by side there is room for so many roles; more go below one another. */
const MOST_ACROSS = 5

/**
 * Systems in the order of the work and the handoffs between them. A step that was only seen is drawn where no contract
 * joins the two systems, so that the way is whole.
 */
const mapOf = (report: Report): HandoffMap => {
  const { diagnosis, systems } = report
  const contracts = diagnosis.handoffs.flatMap(({ edges, object }) =>
    edges.map(
      ({ from, to, volume, missed }): MapEdge => ({
        from,
        to,
        volume,
        share: missed.share,
        label: [
          missed.share === null ? 'nothing decided' : `${percent(missed.share)} missed`,
          `${count(missed.hits)} of ${count(missed.of)}`,
          plain(object),
        ],
      }),
    ),
  )
  const joined = new Set(contracts.map(({ from, to }) => `${from} > ${to}`))
  const seen = diagnosis.steps.flatMap((step) =>
    step.pairs
      .filter(({ from, to }) => !joined.has(`${from} > ${to}`))
      .map(
        ({ from, to, entered, never }): MapEdge => ({
          from,
          to,
          volume: entered,
          share: null,
          label: [
            judgedAs(step, report) ?? 'no deadline',
            `${count(never)} of ${count(entered)} stopped`,
            plain(step.to.type),
          ],
        }),
      ),
  )
  const edges = [...contracts, ...seen]
  const order = [
    ...diagnosis.steps.flatMap(({ pairs }) => pairs.flatMap(({ from, to }) => [from, to])),
    ...edges.flatMap(({ from, to }) => [from, to]),
  ]
  const roleOf = (id: string): string => systems.find(({ name }) => name === id)?.role ?? id
  const ids = [...new Set(order)]
  const ranks = [...new Set(ids.map(roleOf))]
  const nodes = ids.map(
    (id): MapNode => ({
      id,
      detail: systems.some(({ name }) => name === id) ? roleOf(id) : 'not known which',
      rank: ranks.indexOf(roleOf(id)),
    }),
  )
  return { title: 'Handoff map: systems, and what passes between them', nodes, edges }
}

/** A step may be watched by a contract that names another pair of systems: there it has its rate. */
const judgedAs = ({ contract }: Step, { diagnosis }: Report): string | null => {
  const watching = diagnosis.handoffs.find((handoff) => handoff.contract === contract)
  return watching ? `judged as ${plain(watching.object)}` : null
}

export const drawMap = (report: Report, width: number, theme: Theme, narrow: boolean): Drawing => {
  const map = mapOf(report)
  const direction =
    narrow || new Set(map.nodes.map(({ rank }) => rank)).size > MOST_ACROSS ? 'down' : 'across'
  return handoffMap(map, { direction, width: direction === 'down' ? Math.min(width, 360) : width, theme })
}

/** The map in words, an edge a line, for readers without pictures. */
export const mapLines = (report: Report): string[] =>
  mapOf(report).edges.map(
    ({ from, to, label: [figure, of, object] }) => `${from} > ${to}, ${object}: ${figure} (${of})`,
  )
