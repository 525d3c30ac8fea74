import type { CardInput } from '../../app/card.ts'
import type { ActionInput, Connector, Reading, RoutingAction, WireFact } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { BATON, choicesOf, type NameDesk } from '../../app/names.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { parseSystemName, type SystemName } from '../../domain/names.ts'

/** The action's id, as trust rules and contracts name it. */
export const MAP_NAME = 'map_name'

/** Long enough for every real name, short enough for an index. */
const LONGEST_NAME = 100

/** What Baton can do to itself by a button; it goes the way of every other action, so it is verified and logged. */
export const createBatonConnector = (desk: NameDesk): Connector => ({
  system: BATON,
  role: 'integration',
  kind: 'baton',
  actions: [mapName(desk)],
  probe: () => Promise.resolve(),
})

const statedName = (subject: SubjectView): ObjectState | undefined =>
  subject.objects.find(({ system, type }) => system === BATON && type === 'mapping')

const nameAt = (externalId: string): SystemName => {
  const name = parseSystemName(externalId)
  if (name) return name
  throw new SystemError(BATON, 'refused', `"${externalId}" is no name of a system.`)
}

/** What was typed goes before what was chosen: whoever types means something that is not on the list. */
const meant = ({ values: { other, canonical } }: Pick<ActionInput, 'values'>): string =>
  [other, canonical].map((value) => String(value ?? '').trim()).find((value) => value !== '') ?? ''

const readingOf = (fact: WireFact): Reading => ({
  facts: [fact],
  snapshot: { means: fact.attributes.canonical ?? null },
  words: `${fact.rawState}.`,
})

const inputsFor = (stated: ObjectState | undefined): CardInput[] => {
  const choices = stated ? choicesOf(stated) : []
  const typed = (label: string, required: boolean): CardInput => ({
    kind: 'text',
    id: 'other',
    label,
    required,
    maxLength: LONGEST_NAME,
  })
  if (choices.length === 0) return [typed('What is it called everywhere else?', true)]
  const options = choices.map((value) => ({ value, label: value }))
  return [
    { kind: 'choice', id: 'canonical', label: 'It is', required: false, options },
    typed('Or another name, if it is none of these', false),
  ]
}

const mapName = (desk: NameDesk): RoutingAction => ({
  id: MAP_NAME,
  label: 'Map it',
  kind: 'do',
  risk: 'safe',
  settleMs: 5_000,
  idempotent: true,
  target(subject) {
    const stated = statedName(subject)
    if (!stated) return null
    return stated.state === 'mapped'
      ? { unavailable: `${stated.rawState}` }
      : { externalId: stated.externalId, params: {} }
  },
  inputs: (subject) => inputsFor(statedName(subject)),
  async read({ target }) {
    return readingOf(await desk.look(nameAt(target.externalId)))
  },
  precondition(input, { facts: [fact], words }) {
    const known = fact?.attributes.canonical ?? null
    if (known !== null) return { is: 'already_done', words }
    return meant(input) === ''
      ? { is: 'impossible', words: 'Choose what it is, or type its name.' }
      : { is: 'ready' }
  },
  async act(input) {
    const { target, by } = input
    const canonical = meant(input)
    await desk.map(nameAt(target.externalId), canonical, by ?? null)
    return {
      is: 'accepted',
      words: `From now on it is ${canonical}; what was recorded under it moves there.`,
    }
  },
  compare(_input, _before, after) {
    const isMapped = (after.facts[0]?.attributes.canonical ?? null) !== null
    return isMapped ? { is: 'changed', words: after.words } : { is: 'unchanged', words: after.words }
  },
})
