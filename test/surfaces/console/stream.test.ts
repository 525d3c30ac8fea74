import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { exceptionOf } from '../../support/cards.ts'
import { type ConsoleOptions, type RunningConsole, startConsole, stubAssets } from '../../support/console.ts'

const NOW = new Date('2026-11-23T06:12:00Z')

let assets: Awaited<ReturnType<typeof stubAssets>>
const running: RunningConsole[] = []
const readers: ClientRequest[] = []

beforeAll(async () => {
  assets = await stubAssets()
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.destroy()
  for (const console of running.splice(0)) await console.stop()
})
afterAll(() => assets.remove())

const start = async (options: ConsoleOptions = {}): Promise<RunningConsole> => {
  const console = await startConsole({ assetsRoot: assets.root, ...options })
  running.push(console)
  return console
}

type Reader = {
  response: IncomingMessage
  /** Resolves with all text so far once it contains the words; rejects when the stream ends before. */
  until(words: string): Promise<string>
}

/** A reader who has asked and then reads nothing. */
const connect = async (port: number): Promise<Socket> => {
  const socket = createConnection(port, '127.0.0.1')
  socket.pause()
  socket.write(`GET /console/api/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  await once(socket, 'connect')
  return socket
}

const read = (port: number, headers: Record<string, string> = {}): Promise<Reader> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/console/api/stream',
      headers,
      agent: false,
    })
    readers.push(request)
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      const waiting = new Set<() => void>()
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        for (const check of waiting) check()
      })
      resolve({
        response,
        until: (words) =>
          new Promise((done, fail) => {
            const check = (): void => {
              if (!text.includes(words)) return
              waiting.delete(check)
              done(text)
            }
            waiting.add(check)
            response.on('end', () => fail(new Error(`ended before "${words}": ${text}`)))
            check()
          }),
      })
    })
    request.end()
  })

test('every reader hears of every change: which exception, which version, which channel', async () => {
  const { baton, port } = await start()
  const all = await Promise.all([read(port), read(port, { 'Last-Event-ID': '17' }), read(port)])
  for (const reader of all) await reader.until('event: hello')
  baton.set(exceptionOf(NOW, { id: 'ex-1', version: 4, channel: 'shipping' }))
  for (const reader of all) {
    expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const text = await reader.until('ex-1')
    expect(text).toContain('event: change\ndata: {"exception":"ex-1","version":4,"channel":"shipping"}\n\n')
  }
})

test('many changes of one exception in a moment are one hint, the newest', async () => {
  const { baton, port } = await start()
  const reader = await read(port)
  await reader.until('event: hello')
  for (let version = 1; version <= 50; version++) baton.set(exceptionOf(NOW, { id: 'ex-1', version }))
  baton.set(exceptionOf(NOW, { id: 'ex-2' }))
  const text = await reader.until('"ex-2"')
  expect(text.match(/event: change/g)).toHaveLength(2)
  expect(text).toContain('"version":50')
})

test('a quiet stream is kept awake, in a way that both proxies and the page notice', async () => {
  const { port } = await start({ heartbeatMs: 5 })
  const reader = await read(port)
  expect(await reader.until('event: heartbeat')).toContain(': heartbeat\n')
})

test('a reader who leaves costs nothing, and stopping ends the rest', async () => {
  const { baton, port, stop } = await start()
  const [leaver, stayer] = [await read(port), await read(port)]
  await leaver.until('event: hello')
  leaver.response.destroy()
  baton.set(exceptionOf(NOW, { id: 'ex-1' }))
  await stayer.until('ex-1')
  const ended = new Promise((resolve) => stayer.response.on('end', resolve))
  running.splice(0)
  await stop()
  await ended
})

test('a reader who takes nothing is cut off instead of filling the memory', async () => {
  const { baton, port } = await start()
  const silent = await connect(port)
  const closed = new Promise((resolve) => silent.on('close', resolve))
  const reader = await read(port)
  await reader.until('event: hello')
  const channel = 'x'.repeat(2000)
  for (let index = 0; index < 6000; index++) baton.set(exceptionOf(NOW, { id: `ex-${index}`, channel }))
  await reader.until('ex-5999')
  baton.set(exceptionOf(NOW, { id: 'ex-last' }))
  await reader.until('ex-last')
  silent.resume()
  await closed
})
