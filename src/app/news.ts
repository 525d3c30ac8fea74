import { createHash, randomUUID } from 'node:crypto'
import type { Fact } from '../domain/model.ts'
import { contentHash, objectId } from '../domain/object.ts'
import type { BadRow, Connector, PollPage } from './connector.ts'
import { sift, toFacts } from './facts.ts'
import type { Tx } from './ports.ts'
import type { ProcessDeps } from './process.ts'
import { problemOf } from './receive.ts'
import type { FactRef, NewSignal } from './records.ts'
import { storable } from './storable.ts'

/** A fact that says more than Baton knows: of an object it had never heard of, or a newer word of one. */
export type News = { fact: Fact; is: 'new' | 'newer' }

/** What became of one page: everything that could be read, and what of it was news. */
export type KeptPage = { facts: Fact[]; news: News[]; unreadable: number; refs: FactRef[] }

/** Those of the facts that say something new: a poll overlaps the one before it, and a webhook may have been faster. */
const newsIn = async (tx: Tx, facts: Fact[]): Promise<News[]> => {
  const [known, quarantined] = await Promise.all([
    tx.knownVersions('live', facts),
    tx.quarantined('live', facts),
  ])
  return facts.flatMap((fact): News[] => {
    const id = objectId(fact)
    if (quarantined.has(`${id} ${fact.version}`)) return []
    const object = known.get(id)
    if (!object) return [{ fact, is: 'new' }]
    const newer =
      object.version < fact.version || (object.version === fact.version && object.hash !== contentHash(fact))
    return newer ? [{ fact, is: 'newer' }] : []
  })
}

/**
 * Names a page. One that brings nothing but rows that cannot be read comes again with every reading that overlaps it:
 * it is kept, and counted, once an hour.
 */
const deliveryKeyOf = (via: NewSignal['via'], news: News[], wrong: BadRow[], at: Date): string => {
  if (news.length > 0) return `${via}:${randomUUID()}`
  const rows = createHash('sha256').update(JSON.stringify(wrong)).digest('base64url').slice(0, 22)
  return `${via}:${at.toISOString().slice(0, 13)}:${rows}`
}

/**
 * Keeps a page and those of its facts that say something new, in one transaction; a page that only repeats what is
 * known leaves no trace. `skewMs`: the system's clock minus ours. The facts have yet to be taken (`processFacts`).
 */
export const keepNews = (
  { store, clock }: Pick<ProcessDeps, 'store' | 'clock'>,
  connector: Connector,
  page: PollPage,
  skewMs: number,
  via: NewSignal['via'],
): Promise<KeptPage> =>
  store.transaction(async (tx) => {
    const receivedAt = clock()
    const { sound, bad } = sift(toFacts(connector, page.facts, receivedAt, skewMs))
    const wrong = [...page.bad, ...bad]
    const news = await newsIn(tx, sound)
    const kept = { facts: sound, news, unreadable: wrong.length }
    const { system } = connector
    await tx.noteNumbers((page.sequence ?? []).map((each) => ({ system, receivedAt, ...each })))
    if (news.length === 0 && wrong.length === 0) return { ...kept, refs: [] }
    const refs = await tx.recordSignals([
      {
        system: connector.system,
        via,
        receivedAt,
        deliveryKey: deliveryKeyOf(via, news, wrong, receivedAt),
        body: page.raw,
        problem: storable(problemOf(wrong)),
        badRows: wrong.length,
        facts: news.map(({ fact }) => fact),
      },
    ])
    return { ...kept, refs }
  })
