import type { Contract, Grace, Selector, Term } from '../../domain/contract/contract.ts'
import type { Path, Report } from './check.ts'

/**
 * That a mapping's contracts can be checked on what its objects state. A contract about a state, an attribute or a
 * role that the export never has would keep silent for ever, and silence reads as "all is well".
 */

/** What the objects of one role and type can state. */
type Known = { states: Set<string>; attributes: Set<string>; quantities: Set<string> }

type ObjectShape = {
  system: string
  type: string
  attributes: Record<string, unknown>
  quantities: Record<string, unknown>
  value?: unknown
  states: { state: string }[] | { values: Record<string, string> }
  final?: { values: Record<string, string> } | undefined
}

export const checkContracts = (
  mapping: {
    systems: Record<string, string>
    objects: ObjectShape[]
    calendars?: Record<string, unknown> | undefined
    contracts: Contract[]
  },
  report: Report,
): void => {
  const known = knownOf(mapping)
  mapping.contracts.forEach((contract, i) => {
    if (mapping.contracts.findIndex((other) => other.id === contract.id) !== i) {
      report(['contracts', i, 'id'], `${contract.id} is the id of another contract too; each needs its own`)
    }
    const here: Report = (path, message) => report(['contracts', i, ...path], message)
    checkContract(contract, known, here)
    checkGrace(contract.grace, Object.keys(mapping.calendars ?? {}), here)
  })
}

/** An export has its own calendars; when files land in it and what was usual before it, it cannot say. */
const checkGrace = (grace: Grace, calendars: string[], report: Report): void => {
  switch (grace.kind) {
    case 'duration':
    case 'field':
      return
    case 'working': {
      if (calendars.includes(grace.calendar)) return
      const known = calendars.length === 0 ? 'this mapping has none' : `there are: ${calendars.join(', ')}`
      report(
        ['grace', 'calendar'],
        `there is no calendar ${grace.calendar} in this mapping; declare it under "calendars" (${known})`,
      )
      return
    }
    case 'landing':
      report(
        ['grace', 'next_landing'],
        'files land only in live systems; in an import write a duration such as 24h',
      )
      return
    case 'learned':
      report(
        ['grace', 'learned'],
        'is learned only from live systems; in an import write a duration such as 30m',
      )
  }
}

const nameOf = (of: { role: string; type: string }): string => `${of.role} ${of.type}`

const knownOf = (mapping: {
  systems: Record<string, string>
  objects: ObjectShape[]
}): Map<string, Known> => {
  const all = new Map<string, Known>()
  for (const object of mapping.objects) {
    const name = nameOf({ role: mapping.systems[object.system] ?? '?', type: object.type })
    const known = all.get(name) ?? { states: new Set(), attributes: new Set(), quantities: new Set() }
    all.set(name, known)
    const timed = Array.isArray(object.states)
      ? object.states.map((s) => s.state)
      : Object.values(object.states.values)
    for (const state of [...timed, ...Object.values(object.final?.values ?? {})]) known.states.add(state)
    for (const attribute of Object.keys(object.attributes)) known.attributes.add(attribute)
    for (const quantity of Object.keys(object.quantities)) known.quantities.add(quantity)
  }
  return all
}

const checkContract = (contract: Contract, all: Map<string, Known>, report: Report): void => {
  const { rule, grace } = contract
  const find = (path: Path, of: { role: string; type: string }): Known | undefined => {
    const known = all.get(nameOf(of))
    if (!known)
      report(path, `no object of this mapping is a ${nameOf(of)}; there are: ${[...all.keys()].join(', ')}`)
    return known
  }
  const states = (path: Path, selector: Selector): void => {
    const known = find(path, selector)
    if (!known || !selector.states || selector.states.some((state) => known.states.has(state))) return
    report(
      [...path, 'states'],
      `no ${nameOf(selector)} is ever ${selector.states.join(' or ')} here; it can be ${[...known.states].join(', ')}`,
    )
  }
  const attribute = (path: Path, of: Pick<Selector, 'role' | 'type'>, name: string): void => {
    if (find(path, of)?.attributes.has(name) !== false) return
    report(path, `the ${nameOf(of)} has no attribute ${name} here; declare it under \`attributes\``)
  }
  const term = (path: Path, it: Term): void => {
    if ('inState' in it) {
      states(path, { role: it.role, type: it.type, states: it.inState })
      return
    }
    const known = find(path, it)
    if (!known) return
    if (!('quantity' in it)) {
      const [key, name] = 'attribute' in it ? ['attribute', it.attribute] : ['instant', it.instant]
      attribute([...path, key], it, name)
      return
    }
    if (known.quantities.has(it.quantity)) return
    report(
      [...path, 'quantity'],
      `the ${nameOf(it)} has no quantity ${it.quantity} here; declare it under \`quantities\``,
    )
  }
  switch (rule.form) {
    case 'follow':
      states(['follow', 'when'], rule.when)
      states(['follow', 'then'], rule.then)
      rule.unless.forEach((selector, i) => {
        states(['follow', 'unless', i], selector)
      })
      break
    case 'agree':
      for (const side of ['left', 'right'] as const) {
        rule[side].forEach((it, i) => {
          term(['agree', side, i], it)
        })
      }
      rule.suspend.forEach((selector, i) => {
        states(['agree', 'suspend', i], selector)
      })
      break
    case 'leave':
    case 'one':
      states([rule.form, 'object'], rule.object)
      break
  }
  if (grace.kind === 'field') attribute(['grace', 'field'], grace, grace.attribute)
}
