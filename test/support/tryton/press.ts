import type { ActionInput, Connector, WireFact } from '../../../src/app/connector.ts'
import type { SubjectView } from '../../../src/domain/model.ts'

const signal = () => AbortSignal.timeout(90_000)

/** Everything that the connector has to say from a cursor on, to the end. */
export const pollAll = async (connector: Connector, from: string | null = null) => {
  const facts: WireFact[] = []
  const bad: { at: string; reason: string }[] = []
  let cursor = from
  for (let more = true; more; ) {
    const page = await connector.poll?.changes(cursor, signal())
    if (!page) throw new Error('no poller')
    facts.push(...page.facts)
    bad.push(...page.bad)
    cursor = page.cursor
    more = page.more
  }
  return { facts, bad, cursor }
}

/** The newest facts that carry this identity key. */
export const about = (facts: WireFact[], name: string, value: string): WireFact[] =>
  facts.filter((f) => f.keys.some((k) => k.kind === 'identity' && k.name === name && k.value === value))

export const actionOf = (connector: Connector, id: string) => {
  const action = connector.actions.find((candidate) => candidate.id === id)
  if (!action) throw new Error(`No action ${id}`)
  return action
}

/** read > precondition > act > read again > compare, as Baton does it; what was read last comes along. */
export const press = async (connector: Connector, id: string, subject: SubjectView) => {
  const action = actionOf(connector, id)
  const target = action.target(subject)
  if (target === null || 'unavailable' in target) throw new Error(`Not due: ${JSON.stringify(target)}`)
  const input = (): ActionInput => ({ target, values: {}, by: 'Kim Example', signal: signal() })
  const before = await action.read(input())
  const ready = action.precondition(input(), before)
  if (ready.is !== 'ready') return { ...ready, after: before }
  await action.act(input(), `press-${id}-${target.externalId}`)
  const after = await action.read(input())
  return {
    ...action.compare(
      input(),
      { snapshot: JSON.parse(JSON.stringify(before.snapshot)), words: before.words },
      after,
    ),
    after,
  }
}
