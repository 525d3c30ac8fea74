import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What can go wrong between Baton and a system. `before` and `after` the system has done what it was asked. */
export type Fault =
  | { kind: 'refused' }
  | { kind: 'hang'; when: 'before' | 'after' }
  | { kind: 'reset'; when: 'before' | 'after' }
  | { kind: 'status'; when: 'before' | 'after'; status: number; headers?: Record<string, string> }
  | { kind: 'truncated' }
  /** The system's clock is off by so much, as far as its answers tell. */
  | { kind: 'clock'; ms: number }

export type FaultyProxy = {
  /** The system's address, as its connector is told it. */
  url: string
  /**
   * One request goes wrong, and only that one: the `nth` from now on (0 = the next one), or the first whose body it is
   * said of.
   */
  arm(fault: Fault, which?: number | ((body: string) => boolean)): void
  disarm(): void
  /** Until it is mended the line is cut: nobody answers, whatever is asked. */
  cut(): void
  mend(): void
  /** Requests that came since the last `arm` or `disarm`. */
  seen(): number
  /** Whether the armed fault has happened. */
  struck(): boolean
  close(): Promise<void>
}

const bodyOf = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * An address of this process alone: what was closed stays closed, and no server of a neighbouring test answers in its
 * place. Only Linux has more than one loopback address by itself.
 */
const HOST =
  process.platform === 'linux' ? `127.1.${(process.pid >> 8) & 255}.${process.pid & 255}` : '127.0.0.1'

/** Everything between a connector and the system at `target` goes through here, and goes wrong when it is told to. */
export const startFaultyProxy = async (target: string): Promise<FaultyProxy> => {
  let armed: { fault: Fault; which: number | ((body: string) => boolean) } | null = null
  let seen = 0
  let struck = false
  let isCut = false
  const base = new URL(target)

  const faultOf = (nth: number, body: Buffer): Fault | null => {
    if (!armed || struck) return null
    const { fault, which } = armed
    return (typeof which === 'number' ? which === nth : which(body.toString('utf8'))) ? fault : null
  }

  const forward = async (incoming: IncomingMessage, body: Buffer) => {
    const path = `${base.pathname.replace(/\/$/, '')}${incoming.url ?? '/'}`
    const { host: _, connection: __, ...headers } = incoming.headers
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const { hostname, port } = base
      const out = request({ hostname, port, method: incoming.method, path, headers, agent: false }, resolve)
      out.on('error', reject)
      out.end(body)
    })
    const { 'transfer-encoding': _t, 'content-length': _l, connection: _c, ...rest } = answer.headers
    return { status: answer.statusCode ?? 502, headers: rest, body: await bodyOf(answer) }
  }

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (isCut) return void incoming.socket.destroy()
    const nth = seen++
    const body = await bodyOf(incoming)
    const fault = faultOf(nth, body)
    if (fault) struck = true
    if (fault?.kind === 'refused') return void incoming.socket.destroy()
    const isEarly = fault && 'when' in fault && fault.when === 'before'
    const answer = isEarly ? null : await forward(incoming, body)
    switch (fault?.kind) {
      case 'hang':
        return
      case 'reset':
        incoming.socket.resetAndDestroy()
        return
      case 'status':
        outgoing.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers }).end('no')
        return
      case 'truncated':
        outgoing.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' })
        outgoing.end(answer?.body.subarray(0, Math.floor(answer.body.length / 2)) || '{')
        return
      case 'clock':
      case undefined: {
        const date = new Date(Date.now() + (fault?.ms ?? 0)).toUTCString()
        outgoing.writeHead(answer?.status ?? 502, { ...answer?.headers, ...(fault ? { date } : {}) })
        outgoing.end(answer?.body)
      }
    }
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, HOST, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${HOST}:${port}`,
    arm(fault, which = 0) {
      armed = { fault, which }
      seen = 0
      struck = false
    },
    disarm() {
      armed = null
      seen = 0
      struck = false
    },
    cut() {
      isCut = true
    },
    mend() {
      isCut = false
    },
    seen: () => seen,
    struck: () => struck,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
