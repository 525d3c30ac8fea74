import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { consoleApi, type ExceptionItem } from './baton.ts'

/** A press as it was answered. */
export type Pressed = { exception: string; action: string; interactionKey: string; result: string }

/** Nobody presses the same exception for ever. */
const MOST_FOR_ONE = 6
const PAUSE_MS = 100
/** As a person waits before trying what was refused once more. */
const AGAIN_MS = 3_000

const suggested = ({ actions }: ExceptionItem) =>
  actions.find(({ id, enabled }) => enabled && id.includes('.'))

/**
 * Somebody who keeps pressing the suggested action of whatever is open. When Baton does not answer, the same press is
 * sent again until it does, as a chat platform would.
 */
export const startPresser = (url: string) => {
  const api = consoleApi(url)
  const presses: Pressed[] = []
  const lastAt = new Map<string, number>()
  let stopped = false

  const press = async (item: ExceptionItem): Promise<void> => {
    const offer = suggested(item)
    const soFar = presses.filter(({ exception }) => exception === item.id).length
    if (!offer || soFar >= MOST_FOR_ONE || performance.now() - (lastAt.get(item.id) ?? -AGAIN_MS) < AGAIN_MS)
      return
    lastAt.set(item.id, performance.now())
    const interactionKey = randomUUID()
    const body = { exception: item.id, action: offer.id, version: item.version, interactionKey }
    while (!stopped) {
      const answer = await api.press(body).catch(() => undefined)
      if (answer) {
        presses.push({ exception: item.id, action: offer.id, interactionKey, result: answer.result })
        return
      }
      await pause(PAUSE_MS)
    }
  }
  const work = async (): Promise<void> => {
    while (!stopped) {
      const open = await api.exceptions('open').catch(() => [])
      for (const item of open) await press(item)
      await pause(PAUSE_MS)
    }
  }
  const working = work()
  return {
    presses,
    async stop(): Promise<void> {
      stopped = true
      await working
    },
  }
}
