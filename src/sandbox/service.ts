import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** An HTTP service on loopback. */
export type Service = { url: string; close(): Promise<void> }

export type Reply = { status: number; body: unknown; headers?: Record<string, string>; lost?: boolean }

export type Request = {
  method: string
  path: string[]
  query: URLSearchParams
  message: IncomingMessage
  body: string
}

const MAX_BODY_BYTES = 64 * 1024

const readAll = async (message: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const answer = (response: ServerResponse, { status, body, headers }: Reply) => {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(text)
}

const pathOf = (url: URL): string[] | null => {
  try {
    return url.pathname.split('/').slice(1).map(decodeURIComponent)
  } catch {
    return null
  }
}

/** Serves JSON on 127.0.0.1. `port` 0 = any free one. A handler that throws answers 500 and is reported. */
export const startService = async (
  port: number,
  handle: (request: Request) => Promise<Reply>,
  report: (error: unknown) => void,
): Promise<Service> => {
  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    const url = new URL(message.url ?? '/', 'http://sandbox')
    const body = await readAll(message)
    if (body === null) {
      answer(response, { status: 413, body: { message: `More than ${MAX_BODY_BYTES} bytes.` } })
      return
    }
    const path = pathOf(url)
    if (path === null) {
      answer(response, { status: 400, body: { message: 'The path is not well encoded.' } })
      return
    }
    const reply = await handle({
      method: message.method ?? 'GET',
      path,
      query: url.searchParams,
      message,
      body,
    })
    if (reply.lost) message.socket.destroy()
    else answer(response, reply)
  }
  const server: Server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      report(error)
      if (response.headersSent) response.destroy()
      else answer(response, { status: 500, body: { message: 'The sandbox failed; its log says why.' } })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The sandbox service has no TCP port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        // Whoever is still reading an answer gets a moment; nobody may keep the sandbox from stopping.
        setTimeout(() => server.closeAllConnections(), 500).unref()
      }),
  }
}

/** Compares in constant time, whatever the lengths. */
export const isToken = (given: string | undefined, token: string): boolean => {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given ?? ''), hash(`Bearer ${token}`))
}

/** The body as JSON; undefined when there is none, null when it is not JSON. */
export const jsonOf = (body: string): unknown => {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
