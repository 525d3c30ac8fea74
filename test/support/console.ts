import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import express, { Router } from 'express'
import { batchCard } from '../../src/app/batch-card.ts'
import type { BatchDetail } from '../../src/app/batch-records.ts'
import type { Card } from '../../src/app/card.ts'
import { batchOf, batchRef } from '../../src/app/card-ref.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import type { ExceptionDetail, ExceptionFilter } from '../../src/app/queries.ts'
import type { CommandInput, PressAnswer, PressInput, SurfaceHost } from '../../src/app/surface.ts'
import { type ConsoleDeps, createConsole } from '../../src/surfaces/console/index.ts'
import type { WireChange } from '../../src/surfaces/console/wire.ts'

/** Baton as the console sees it, in memory: rows that tests set, and every question that was asked. */
export type FakeBaton = {
  host: SurfaceHost
  rows: Map<string, ExceptionDetail>
  presses: PressInput[]
  commands: CommandInput[]
  lists: ExceptionFilter[]
  /** What the next presses answer; the default accepts and changes nothing. */
  answerPress: (input: PressInput) => Promise<Omit<PressAnswer, 'card'>>
  answerCommand: (input: CommandInput) => Promise<{ card: Card; text: string }>
  /** Stores the row and tells the console, as the database would. */
  set(row: ExceptionDetail): void
  /** Stores the batch and tells the console. */
  setBatch(batch: BatchDetail): void
  remove(id: string): void
  onChange: ConsoleDeps['onChange']
}

const CHANNELS = ['orders', 'receiving', 'shipping', 'stock', 'returns']

export const fakeBaton = (first: ExceptionDetail[] = []): FakeBaton => {
  const rows = new Map(first.map((row) => [row.id, row]))
  const listeners = new Set<(change: WireChange) => void>()
  const tell = (change: WireChange): void => {
    for (const listener of listeners) listener(change)
  }
  const batches = new Map<string, BatchDetail>()
  const cardFor = (id: string): Card | null => {
    const batch = batches.get(batchOf(id) ?? '')
    if (batch) return batchCard(batch, new Date('2026-11-23T06:12:00Z'))
    const row = rows.get(id)
    return row === undefined ? null : exceptionCard(row)
  }
  const note = (title: string): Card => ({ title, tone: 'neutral', summary: title, blocks: [] })
  const baton: FakeBaton = {
    rows,
    presses: [],
    commands: [],
    lists: [],
    answerPress: async () => ({ result: 'acted', message: 'Started.' }),
    answerCommand: async ({ text }) => ({ card: note(`You asked: ${text}`), text: `You asked: ${text}` }),
    set: (row) => {
      rows.set(row.id, row)
      tell({ exception: row.id, version: row.version, channel: row.channel })
    },
    setBatch: (batch) => {
      batches.set(batch.id, batch)
      tell({ exception: batchRef(batch.id), version: batch.version, channel: batch.channel })
    },
    remove: (id) => {
      const row = rows.get(id)
      rows.delete(id)
      tell({ exception: id, version: row?.version ?? 0, channel: row?.channel ?? null })
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    host: {
      press: async (input) => {
        baton.presses.push(input)
        const card = cardFor(input.exception)
        if (card === null) throw new Error(`no such exception: ${input.exception}`)
        return { ...(await baton.answerPress(input)), card }
      },
      command: async (input) => {
        baton.commands.push(input)
        return baton.answerCommand(input)
      },
      card: async (id) => cardFor(id),
      home: async () => {
        throw new Error('the console shows no home')
      },
      redraw: async () => {
        throw new Error('the console shows what is stored')
      },
      queries: {
        listExceptions: async (filter) => {
          baton.lists.push(filter)
          const all = [...rows.values()]
            .filter((row) => filter.state === 'all' || (filter.state === 'open') === (row.state === 'open'))
            .filter((row) => filter.channel === undefined || row.channel === filter.channel)
            .filter((row) => (filter.words ?? []).every((word) => row.title.includes(word)))
            .sort((a, b) => b.openedAt.getTime() - a.openedAt.getTime())
          const start = filter.after === null ? 0 : Number(filter.after)
          const end = start + filter.limit
          return {
            items: all.slice(start, end),
            next: end < all.length ? String(end) : null,
            total: all.length,
          }
        },
        getException: async (id) => rows.get(id) ?? null,
        findExceptions: async () => ({ subjects: [], exceptions: [] }),
        handover: async () => null,
        followUp: async () => null,
        episodes: async () => [],
        drag: async () => {
          throw new Error('the console never asks for drag itself')
        },
        waiting: async () => [],
        desk: async () => {
          throw new Error('the console never asks for a desk itself')
        },
        today: async () => {
          throw new Error('the console never asks for today itself')
        },
        graces: async () => [],
        groups: async () => [],
        candidates: async () => ({ candidates: [], total: 0 }),
        batch: async (id) => batches.get(id) ?? null,
        group: async () => null,
        batches: async () => [...batches.values()].filter(({ state }) => state !== 'offered').reverse(),
        channels: async () =>
          CHANNELS.map((id) => ({
            id,
            title: `#${id}`,
            open: [...rows.values()].filter((row) => row.channel === id && row.state === 'open').length,
            surfaces: ['console'],
          })),
      },
    },
  }
  return baton
}

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; json(): unknown }

export type RunningConsole = {
  baton: FakeBaton
  port: number
  url: string
  errors: unknown[]
  /** What arrived and how it was answered: `POST /console/api/press 403`. */
  log: string[]
  /** A request with exactly these headers; `Host` is the loopback address unless given. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  stop(): Promise<void>
}

export type SendOptions = { headers?: Record<string, string>; body?: string; address?: string }

/** `baton` and `port` bring a stopped console back as it was. */
export type ConsoleOptions = Partial<ConsoleDeps> & {
  token?: string
  rows?: ExceptionDetail[]
  address?: string
  port?: number
  baton?: FakeBaton
}

/** The console on a real HTTP server, on a free port. */
export const startConsole = async (options: ConsoleOptions = {}): Promise<RunningConsole> => {
  const { token, rows, address = '127.0.0.1', port: wanted = 0, baton = fakeBaton(rows), ...deps } = options
  const errors: unknown[] = []
  const surface = createConsole({ token: token ?? null }, baton.host, {
    onChange: baton.onChange,
    people: [],
    onError: (error) => errors.push(error),
    ...deps,
  })
  const log: string[] = []
  const router = Router()
  router.use((request, response, next) => {
    response.on('finish', () => log.push(`${request.method} ${request.originalUrl} ${response.statusCode}`))
    next()
  })
  surface.routes(router)
  await surface.start()
  const server = await listen(express().disable('x-powered-by').use(router), wanted, address)
  const { port } = server.address() as AddressInfo
  return {
    baton,
    port,
    url: `http://127.0.0.1:${port}`,
    errors,
    log,
    send: (method, path, sendOptions) => send(port, method, path, sendOptions),
    stop: async () => {
      await surface.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const listen = (app: express.Express, port: number, address: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = app.listen(port, address, (error) => (error ? reject(error) : resolve(server)))
  })

/** node:http and not fetch: a test must be able to send any Host and Origin. */
const send = (port: number, method: string, path: string, options: SendOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: options.address ?? '127.0.0.1',
        port,
        method,
        path,
        headers: { ...options.headers },
        agent: false,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => {
          const { statusCode = 0, headers } = response
          resolve({ status: statusCode, headers, text, json: () => JSON.parse(text) })
        })
      },
    )
    request.on('error', reject)
    request.end(options.body)
  })

/** A folder with the page's files as placeholders, for tests that need no page: nothing has to be built. */
export const stubAssets = async (): Promise<{ root: string; remove: () => Promise<void> }> => {
  const root = await mkdtemp(join(tmpdir(), 'baton-console-'))
  const files = [
    'src/surfaces/console/page/index.html',
    'dist/src/surfaces/console/client/main.js',
    'node_modules/adaptivecards/dist/adaptivecards.min.js',
  ]
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), `/* ${file} */`)
  }
  return { root, remove: () => rm(root, { recursive: true, force: true }) }
}
