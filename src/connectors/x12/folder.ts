import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import {
  access,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import type { BadRow, ParsedSignal, Poller, PollPage } from '../../app/connector.ts'
import { SystemError, wordsOf } from '../../app/errors.ts'

/*
 * A folder as a queue. A page is one file. Its cursor names the file by name and content: who brings that cursor back
 * has committed the page, and only then the file is moved. A crash in between means that the file is read once more,
 * which changes nothing.
 */

export type FolderConfig = {
  path: string
  done?: string | undefined
  bad?: string | undefined
  quiet: number
}

export type Folder = Poller & {
  /** Resolves when files can be read and moved. Throws SystemError. */
  probe(): Promise<void>
}

type Deps = {
  system: string
  maxBytes: number
  now(): Date
  /** Throws where the file as a whole makes no sense. */
  parse(body: Buffer): ParsedSignal
}

/** The file of a page: its name, a digest of what was read, and what in it could not be. */
const cursorShape = z
  .object({ name: z.string().min(1), digest: z.string(), bad: z.array(z.string()) })
  .nullable()
type Taken = z.infer<typeof cursorShape>

/** Names of files that somebody is still writing. */
const UNFINISHED = /^\.|\.(tmp|part|partial|filepart|crdownload)$/i

type Seen = { size: number; mtimeMs: number; since: number }

export const createFolder = (config: FolderConfig, deps: Deps): Folder => {
  const path = resolve(config.path)
  const places = {
    done: resolve(config.done ?? join(path, 'done')),
    bad: resolve(config.bad ?? join(path, 'bad')),
  }
  /** How the files looked when they were first seen as they are. */
  let seen = new Map<string, Seen>()

  const failed = (error: unknown): SystemError => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // What is not there may be a share that is not mounted just now; what is there and not ours needs an admin.
    return code === 'ENOENT' || code === 'EIO' || code === 'ESTALE' || code === 'EHOSTDOWN'
      ? new SystemError(
          deps.system,
          'unreachable',
          `${deps.system}: the folder ${path} is not there (${code}). Is it mounted?`,
        )
      : new SystemError(
          deps.system,
          'misconfigured',
          `${deps.system}: ${wordsOf(error)}. Baton must be able to read ${path} and to move files to ${places.done} and ${places.bad}.`,
        )
  }

  /** Files that are whole, the oldest first. */
  const waiting = async (): Promise<string[]> => {
    const at = deps.now().getTime()
    const found = new Map<string, Seen>()
    for (const name of await readdir(path)) {
      if (UNFINISHED.test(name)) continue
      const file = await lstat(join(path, name)).catch(() => null)
      if (!file?.isFile()) continue
      const { size, mtimeMs } = file
      const known = seen.get(name)
      const same = known?.size === size && known.mtimeMs === mtimeMs
      found.set(name, { size, mtimeMs, since: same ? known.since : at })
    }
    seen = found
    // The clock of the machine that wrote the file may be another one: then it only has to stay as it is.
    const isQuiet = ({ mtimeMs, since }: Seen) =>
      at - since >= config.quiet || (mtimeMs <= at && at - mtimeMs >= config.quiet)
    return [...found]
      .filter(([, file]) => isQuiet(file))
      .sort(([a, x], [b, y]) => x.mtimeMs - y.mtimeMs || (a < b ? -1 : 1))
      .map(([name]) => name)
  }

  /** The content of a file and its digest; of one that is too large, no content. */
  const contentOf = async (name: string): Promise<{ body: Buffer | null; digest: string }> => {
    const { size, mtimeMs } = await stat(join(path, name))
    if (size > deps.maxBytes) return { body: null, digest: `${size} bytes of ${mtimeMs}` }
    const body = await readFile(join(path, name))
    return { body, digest: createHash('sha256').update(body).digest('hex') }
  }

  /** Moves a file whose page was committed, if it is still the one that was read. */
  const putAway = async (taken: NonNullable<Taken>): Promise<void> => {
    // A name with a path in it is none of ours.
    const name = basename(taken.name)
    const now = await contentOf(name).catch(() => null)
    if (now?.digest !== taken.digest) return
    const target = taken.bad.length > 0 ? places.bad : places.done
    await mkdir(target, { recursive: true })
    const taking = await freeName(target, name)
    if (taken.bad.length > 0) {
      // The reasons first: a file in `bad` never stands there without them.
      await writeFile(join(target, `${taking}.reason.txt`), `${taken.bad.join('\n')}\n`)
    }
    await move(join(path, name), join(target, taking))
  }

  const next = async (name: string): Promise<Pick<PollPage, keyof ParsedSignal | 'cursor' | 'raw'>> => {
    const { body, digest } = await contentOf(name)
    const parsed = body ? read(body) : tooLarge(name)
    const bad = parsed.bad.map((row): BadRow => ({ at: `${name}: ${row.at}`, reason: row.reason }))
    const taken: Taken = { name, digest, bad: bad.map(({ at, reason }) => `${at}: ${reason}`) }
    return { ...parsed, bad, cursor: JSON.stringify(taken), raw: body ?? Buffer.from('') }
  }

  const tooLarge = (name: string): ParsedSignal => ({
    facts: [],
    bad: [{ at: 'the whole file', reason: `${name} has more than ${deps.maxBytes} bytes: send it in parts` }],
  })

  const read = (body: Buffer): ParsedSignal => {
    try {
      return deps.parse(body)
    } catch (error) {
      return { facts: [], bad: [{ at: 'the whole file', reason: wordsOf(error) }] }
    }
  }

  return {
    async probe() {
      try {
        if (!(await stat(path)).isDirectory()) throw new Error(`${path} is no folder`)
        await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
        for (const place of Object.values(places)) {
          await mkdir(place, { recursive: true })
          await access(place, constants.W_OK | constants.X_OK)
        }
      } catch (error) {
        throw failed(error)
      }
    },

    async changes(cursor) {
      try {
        const taken = cursor === null ? null : cursorOf(cursor)
        if (taken) await putAway(taken)
        const [name, ...more] = await waiting()
        if (name === undefined) {
          return { facts: [], bad: [], cursor: 'null', more: false, raw: Buffer.from('') }
        }
        return { ...(await next(name)), more: more.length > 0 }
      } catch (error) {
        throw failed(error)
      }
    },
  }
}

/** A cursor of another making names no file: the folder is read as it is. */
const cursorOf = (text: string): Taken => {
  try {
    return cursorShape.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** A name that is not taken in a folder yet. */
const freeName = async (folder: string, name: string): Promise<string> => {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}.${n}`
    const there = await lstat(join(folder, candidate)).catch(() => null)
    if (!there) return candidate
  }
}

const move = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to)
  } catch (error) {
    const isOtherDisk = error instanceof Error && 'code' in error && error.code === 'EXDEV'
    if (!isOtherDisk) throw error
    await copyFile(from, to)
    await rm(from)
  }
}
