import { CATALOGUE } from '../app/catalogue.ts'
import { closest } from '../app/closest.ts'

/** As much of a parsed `baton.yml` as names one of its parts from another. */
type Named = {
  systems: readonly { name: string }[]
  channels: readonly { id: string }[]
  default_channel?: string | undefined
  rules: readonly {
    if: { contract?: string[] | undefined; system?: string[] | undefined }
    channel: string
  }[]
  people: readonly { name: string; slack?: string | undefined; console?: string | undefined }[]
  contracts: { tune: Record<string, unknown>; add: readonly { id: string }[] }
}

type Path = (string | number)[]
type Stray = { path: Path; words: string }

/** Names in a `baton.yml` that lead nowhere, or to two things at once: where they stand, and what to write instead. */
export const strayNames = (yml: Named): Stray[] => {
  const channels = yml.channels.map(({ id }) => id)
  const systems = yml.systems.map(({ name }) => name)
  const added = yml.contracts.add.map(({ id }) => id)
  const contracts = [...CATALOGUE.map(({ id }) => id), ...added]
  const { default_channel: fallback } = yml
  return [
    ...repeated('channels', 'id', channels),
    ...(fallback === undefined ? [] : among('channel', channels, [fallback], () => ['default_channel'])),
    ...yml.rules.flatMap((rule, index) => [
      ...among('channel', channels, [rule.channel], () => ['rules', index, 'channel']),
      ...among('contract', contracts, rule.if.contract, (at) => ['rules', index, 'if', 'contract', at]),
      ...among('system', systems, rule.if.system, (at) => ['rules', index, 'if', 'system', at]),
    ]),
    ...among('contract', contracts, Object.keys(yml.contracts.tune), (_at, id) => ['contracts', 'tune', id]),
    ...added.flatMap((id, index) =>
      contracts.indexOf(id) < CATALOGUE.length + index
        ? [
            {
              path: ['contracts', 'add', index, 'id'],
              words: `there is a contract "${id}" already; choose another id`,
            },
          ]
        : [],
    ),
    ...repeated(
      'people',
      'slack',
      yml.people.map(({ slack }) => slack),
    ),
    ...repeated(
      'people',
      'console',
      yml.people.map(({ console: id }) => id),
    ),
  ]
}

const among = (
  what: string,
  known: string[],
  names: readonly string[] = [],
  pathOf: (at: number, name: string) => Path,
): Stray[] =>
  names.flatMap((name, at) => {
    if (known.includes(name)) return []
    const near = closest(name, known)
    const listed = known.length === 0 ? 'none is configured' : `known are ${known.join(', ')}`
    return [
      {
        path: pathOf(at, name),
        words: `there is no ${what} "${name}"; ${near ? `did you mean ${near}?` : listed}`,
      },
    ]
  })

/** An id that two entries of a list carry. */
const repeated = (list: string, key: string, values: readonly (string | undefined)[]): Stray[] =>
  values.flatMap((value, index) =>
    value !== undefined && values.indexOf(value) < index
      ? [
          {
            path: [list, index, key],
            words: `"${value}" stands in another entry already; each may stand once`,
          },
        ]
      : [],
  )
