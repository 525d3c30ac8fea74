import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Client } from 'undici'
import { STEPS_OF_AN_ORDER, tell } from './journey.ts'
import { postWebhook } from './server.ts'

/** What the load generator is asked for. Every connection tells the life of one order after the other. */
export type Load = { url: string; connections: number; seconds: number; firstOrder: number }
/** What came of it; `answerMs`: how long each answer took. */
export type Loaded = { accepted: number; seconds: number; answerMs: number[] }

/** Puts a server under load from a process of its own, so that making the load costs the server's process nothing. */
export const putUnderLoad = (load: Load): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(load)])
    child.once('message', (loaded: Loaded) => resolve(loaded))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The load generator ended with code ${code}`)))
  })

const generate = async ({ url, connections, seconds, firstOrder }: Load): Promise<Loaded> => {
  const answerMs: number[] = []
  const began = performance.now()
  const end = began + seconds * 1000
  let order = firstOrder

  const send = async (client: Client, step: number, ofOrder: number): Promise<void> => {
    const sentAt = performance.now()
    await postWebhook(client, tell(ofOrder, step))
    answerMs.push(performance.now() - sentAt)
  }
  const connection = async (): Promise<void> => {
    const client = new Client(url, { pipelining: 1 })
    while (performance.now() < end) {
      const mine = order++
      for (let step = 0; step < STEPS_OF_AN_ORDER && performance.now() < end; step++)
        await send(client, step, mine)
    }
    await client.close()
  }
  await Promise.all(Array.from({ length: connections }, connection))
  return { accepted: answerMs.length, seconds: (performance.now() - began) / 1000, answerMs }
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.send(await generate(JSON.parse(process.argv[2] ?? '{}')))
}
