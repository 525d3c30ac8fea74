import type { BadRow, Connector, ParsedSignal, RequestHead } from './connector.ts'
import { wordsOf } from './errors.ts'
import { sift, smoothSkew, toFacts } from './facts.ts'
import { groupCommit } from './group-commit.ts'
import type { Store } from './ports.ts'
import type { FeedState, NewSignal } from './records.ts'
import { storable } from './storable.ts'

export type Received = { status: 200 | 400 | 401 | 403 | 404 | 413; body: { ok: true } | { error: string } }

const refuse = (status: 400 | 401 | 403 | 404 | 413, error: string): Received => ({ status, body: { error } })

/** What is wrong with a signal, for an admin: its first bad row stands for all. */
export const problemOf = ([first]: BadRow[]): string | null => (first ? `${first.at}: ${first.reason}` : null)

/** The numbers that a delivery bears, as they are remembered. */
const numbersOf = ({ system, receivedAt, sequence = [] }: NewSignal) =>
  sequence.map((each) => ({ system, receivedAt, ...each }))

/** A signal to be kept, and whether its system is to be read at once. */
type Arrival = { signal: NewSignal; hint: boolean }

const parse = (connector: Connector, body: Buffer): ParsedSignal => {
  try {
    return connector.webhook?.parse(body) ?? { facts: [], bad: [] }
  } catch (error) {
    return { facts: [], bad: [{ at: 'the whole body', reason: wordsOf(error) }] }
  }
}

export type ReceiverDeps = {
  connectors: Connector[]
  store: Store
  /** True for failures of the database itself: then a batch is not taken apart to look for a bad signal. */
  isTransient?: (error: unknown) => boolean
}

/**
 * `POST /hooks/:system`. Verifies the raw bytes, then writes the signal, its facts and the job that will take them
 * in one transaction; the answer is 200 only after the commit. A redelivery changes nothing and is answered 200; a
 * body that makes no sense is kept for an admin and answered 200 too, because sending it again would not help.
 * Rejects when the signal could not be kept: the sender must try again.
 */
export const createReceiver = ({ connectors, store, isTransient = () => false }: ReceiverDeps) => {
  const bySystem = new Map(connectors.map((connector) => [connector.system, connector]))
  const skews = new Map<string, number | null>()

  const commit = groupCommit<Arrival>(
    (batch) =>
      store.transaction(async (tx) => {
        const signals = batch.map(({ signal }) => signal)
        const refs = await tx.recordSignals(signals)
        await tx.noteNumbers(signals.flatMap(numbersOf))
        if (refs.length > 0) await tx.addJob('process', { facts: refs })
        const hinting = new Set(batch.flatMap(({ signal, hint }) => (hint ? [signal.system] : [])))
        for (const system of hinting) await tx.addJob('poll', { system }, { key: `poll:${system}` })
      }),
    isTransient,
  )

  return {
    maxBytes: (system: string): number => bySystem.get(system)?.webhook?.maxBytes ?? 0,

    /** Starts from the skews measured before, so that a restart does not forget them. */
    remember(feeds: FeedState[]): void {
      for (const { system, skewMs } of feeds) skews.set(system, skewMs)
    },

    async receive(system: string, head: RequestHead, body: Buffer): Promise<Received> {
      const connector = bySystem.get(system)
      if (!connector?.webhook) return refuse(404, `No system "${system}" that sends webhooks is configured.`)
      if (body.length > connector.webhook.maxBytes) {
        return refuse(
          413,
          `The body has ${body.length} bytes; ${system} may send ${connector.webhook.maxBytes}.`,
        )
      }
      const verified = connector.webhook.verify(head, body)
      if (!verified.ok) return refuse(verified.status, verified.reason)

      const { receivedAt } = head
      const kept = verified.body ?? body
      const parsed = parse(connector, kept)
      const skewMs = smoothSkew(skews.get(system) ?? null, parsed.sentAt, receivedAt)
      skews.set(system, skewMs)
      const { sound, bad } = sift(toFacts(connector, parsed.facts, receivedAt, skewMs ?? 0))
      const wrong = [...parsed.bad, ...bad]
      await commit({
        signal: {
          system,
          via: 'webhook',
          receivedAt,
          deliveryKey: verified.deliveryKey,
          body: kept,
          problem: storable(problemOf(wrong)),
          badRows: wrong.length,
          facts: sound,
          ...(parsed.sequence ? { sequence: parsed.sequence } : {}),
        },
        hint: parsed.hint === true && connector.poll !== undefined,
      })
      return { status: 200, body: { ok: true } }
    },
  }
}

export type Receiver = ReturnType<typeof createReceiver>
