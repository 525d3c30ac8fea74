import { CATALOGUE } from '../app/catalogue.ts'
import { closest } from '../app/closest.ts'
import { BATON } from '../app/names.ts'
import type { Contract, Grace } from '../domain/contract/contract.ts'
import { NAME_KINDS, type NameMaps } from '../domain/names.ts'

/** As much of a parsed `baton.yml` as names one of its parts from another. */
type Named = {
  systems: readonly { name: string }[]
  channels: readonly { id: string; shifts?: string | undefined }[]
  shifts?: string | undefined
  default_channel?: string | undefined
  rules: readonly {
    name: string
    tell?: readonly unknown[] | undefined
    escalate?: { to: string; tell: readonly unknown[] } | undefined
    if: { contract?: string[] | undefined; system?: string[] | undefined }
    channel: string
  }[]
  people: readonly {
    name: string
    slack?: string | undefined
    teams?: string | undefined
    console?: string | undefined
    email?: string | undefined
    channels?: readonly string[] | undefined
  }[]
  calendars: Record<string, unknown>
  batches: Record<string, unknown>
  keys: Record<string, unknown>
  maps: NameMaps
  contracts: {
    tune: Record<string, { grace?: Grace | undefined }>
    add: readonly Pick<Contract, 'id' | 'grace' | 'rule'>[]
  }
}

type Path = (string | number)[]
type Stray = { path: Path; words: string }

/** Names in a `baton.yml` that lead nowhere, or to two things at once: where they stand, and what to write instead. */
export const strayNames = (yml: Named): Stray[] => [
  ...strayParts(yml),
  ...strayRules(yml),
  ...strayShifts(yml),
]

/** Whom a rule tells, and where it escalates to. An exception keeps its rule by name, so that no two may share one. */
const strayRules = (yml: Named): Stray[] => {
  const people = yml.people.map(({ name }) => name)
  const channels = yml.channels.map(({ id }) => id)
  const strayTold = (list: readonly unknown[] = [], path: Path): Stray[] =>
    list.flatMap((each, at) =>
      typeof each === 'string' ? among('person', people, [each], () => [...path, at]) : [],
    )
  const telling = yml.rules.some(({ tell, escalate }) => tell !== undefined || escalate !== undefined)
  const names = telling ? yml.rules.map(({ name }) => name) : []
  return [
    ...repeated('rules', 'name', names),
    ...yml.rules.flatMap(({ tell, escalate }, index) => [
      ...strayTold(tell, ['rules', index, 'tell']),
      ...strayTold(escalate?.tell, ['rules', index, 'escalate', 'tell']),
      ...(escalate
        ? among('channel', channels, [escalate.to], () => ['rules', index, 'escalate', 'to'])
        : []),
    ]),
  ]
}

const strayShifts = ({ calendars, channels, shifts }: Named): Stray[] => {
  const known = Object.keys(calendars)
  const named = (name: string | undefined, path: Path): Stray[] =>
    name === undefined ? [] : among('calendar', known, [name], () => path)
  return [
    ...named(shifts, ['shifts']),
    ...channels.flatMap(({ shifts: own }, index) => named(own, ['channels', index, 'shifts'])),
  ]
}

const strayParts = (yml: Named): Stray[] => {
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
    ...yml.people.flatMap(({ channels: own }, index) =>
      among('channel', channels, own, (at) => ['people', index, 'channels', at]),
    ),
    ...among('contract', contracts, Object.keys(yml.contracts.tune), (_at, id) => ['contracts', 'tune', id]),
    ...among('system', systems, Object.keys(yml.batches), (_at, system) => ['batches', system]),
    ...strayGraces(yml),
    ...among('system', systems, Object.keys(yml.keys), (_at, system) => ['keys', system]),
    ...NAME_KINDS.flatMap((kind) =>
      among('system', systems, [...yml.maps.systems[kind]], () => ['maps', `${kind}s`]),
    ),
    ...systems.flatMap((system) =>
      system === BATON
        ? [
            {
              path: ['systems', system],
              words: `"${system}" is what Baton calls itself; choose another name`,
            },
          ]
        : [],
    ),
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
    ...sameNames(yml.people.map(({ name }) => name)),
    ...repeated(
      'people',
      'slack',
      yml.people.map(({ slack }) => slack),
    ),
    ...repeated(
      'people',
      'teams',
      yml.people.map(({ teams }) => teams),
    ),
    ...repeated(
      'people',
      'email',
      yml.people.map(({ email }) => email),
    ),
    ...repeated(
      'people',
      'console',
      yml.people.map(({ console: id }) => id),
    ),
  ]
}

/** Graces that call a calendar which is not there, or want to learn where there is nothing to learn. */
const strayGraces = ({ calendars, contracts: { tune, add } }: Named): Stray[] => {
  const ruleOf = (id: string) => [...CATALOGUE, ...add].find((contract) => contract.id === id)?.rule
  const written = [
    ...Object.entries(tune).map(([id, { grace }]) => ({
      path: ['contracts', 'tune', id],
      grace,
      rule: ruleOf(id),
    })),
    ...add.map(({ grace, rule }, index) => ({ path: ['contracts', 'add', index], grace, rule })),
  ]
  return written.flatMap(({ path, grace, rule }): Stray[] => {
    if (grace?.kind === 'working') {
      const at = [...path, 'grace', 'calendar']
      return among('calendar', Object.keys(calendars), [grace.calendar], () => at)
    }
    if (grace?.kind !== 'learned' || rule === undefined || rule.form === 'follow') return []
    const words = `only a follow contract has a lag to learn from, this one says "${rule.form}"; write a duration`
    return [{ path: [...path, 'grace', 'learned'], words }]
  })
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

/** Rules, and whoever gives work to somebody, know people by their names alone. */
const sameNames = (names: readonly string[]): Stray[] =>
  names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [
          {
            path: ['people', index, 'name'],
            words: `two people are called "${name}", and nobody could tell which is meant; write the names so that they differ, like "${name} (dock)"`,
          },
        ]
      : [],
  )

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
