import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A message as the server took it. */
type Mail = { from: string; to: string[]; raw: string; secure: boolean }

export type MailBox = { url: string; mails: Mail[]; close(): Promise<void> }

/** The server's word for what it will not take. */
class Refusal extends Error {
  readonly responseCode: number
  constructor(responseCode: number, words: string) {
    super(words)
    this.responseCode = responseCode
  }
}

export type Manners = {
  login?: { user: string; password: string }
  /** Key and certificate in PEM. */
  tls?: { key: string; cert: string }
  /** TLS from the first byte. */
  secure?: true
  /** Refuses this recipient. */
  refuses?: { to: string; code: number; words: string }
  /** Listens here; without it, wherever there is room. */
  port?: number
  /** Refuses the message itself, after all of it came. */
  refusesMessage?: { code: number; words: string }
}

/** A real mail server that keeps what it takes. */
export const startMailServer = async (manners: Manners = {}): Promise<MailBox> => {
  const mails: Mail[] = []
  const { login, tls, secure, refuses, refusesMessage } = manners
  const options: SMTPServerOptions = {
    ...(tls ? { key: tls.key, cert: tls.cert } : {}),
    secure: secure ?? false,
    authOptional: !login,
    disabledCommands: [...(login ? [] : ['AUTH']), ...(tls && !secure ? [] : ['STARTTLS'])],
    logger: false,
    closeTimeout: 100,
    disableReverseLookup: true,
    onAuth({ username, password }, _session, callback) {
      if (username === login?.user && password === login?.password) callback(null, { user: username })
      else callback(new Refusal(535, '5.7.8 Authentication credentials invalid'))
    },
    onRcptTo({ address }, _session, callback) {
      if (address === refuses?.to) callback(new Refusal(refuses.code, refuses.words))
      else callback()
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (refusesMessage) return callback(new Refusal(refusesMessage.code, refusesMessage.words))
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
        })
        callback(null, 'queued as 17')
      })
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => {})
  await new Promise<void>((resolve) => {
    server.listen(manners.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.server.address() as AddressInfo
  return {
    url: `${secure ? 'smtps' : 'smtp'}://127.0.0.1:${port}`,
    mails,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

/** When a server that misbehaves does so: before it says a word, at its greeting, or once the whole message came. */
export type Moment = 'connect' | 'mail' | 'message'

/**
 * A server that speaks just enough SMTP to fail in the middle of it: it falls silent, cuts the connection, or says
 * something else than one should. `took` counts the messages that came whole.
 */
export const startBadServer = async (
  at: Moment,
  does: 'hang' | 'cut' | { says: string },
): Promise<{ url: string; took(): number; close(): Promise<void> }> => {
  let took = 0
  const sockets = new Set<Socket>()
  const misbehave = (socket: Socket) => {
    if (does === 'cut') socket.resetAndDestroy()
    else if (does !== 'hang') socket.write(`${does.says}\r\n`)
  }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let received = ''
    let inMessage = false
    const answer = (line: string) => {
      if (/^EHLO/i.test(line)) return socket.write('250 bad.example\r\n')
      if (/^MAIL/i.test(line)) return at === 'mail' ? misbehave(socket) : socket.write('250 ok\r\n')
      if (/^DATA/i.test(line)) {
        inMessage = true
        return socket.write('354 go on\r\n')
      }
      return socket.write('250 ok\r\n')
    }
    socket.on('data', (chunk) => {
      received += chunk.toString('utf8')
      for (;;) {
        const mark = inMessage ? '\r\n.\r\n' : '\r\n'
        const end = received.indexOf(mark)
        if (end < 0) return
        const line = received.slice(0, end)
        received = received.slice(end + mark.length)
        if (!inMessage) answer(line)
        else {
          inMessage = false
          took += 1
          misbehave(socket)
        }
      }
    })
    if (at === 'connect') misbehave(socket)
    else socket.write('220 bad.example ESMTP\r\n')
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    took: () => took,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
