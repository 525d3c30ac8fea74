import type { WirePressAnswer } from '../wire.ts'
import { createAnswers } from './answers.ts'
import { api, batchOf, type CardFilter, signOut, speakAs } from './api.ts'
import { createBatches } from './batches.ts'
import { createChannels } from './channels.ts'
import { createCommandLine } from './command-line.ts'
import { createDetails } from './details.ts'
import { announce, byId, el } from './dom.ts'
import { createFeed } from './feed.ts'
import { listenForKeys } from './keys.ts'
import type { Press } from './render.ts'
import { dropMissedClicks, watchUse } from './scroll.ts'
import { recall, remember } from './storage.ts'
import { openStream, type StreamState } from './stream.ts'
import { tickTimes } from './times.ts'

/** The page's composition: builds the parts and connects them. The address says what is shown. */

const EMPTY = {
  open: {
    title: 'Nothing is open here.',
    text: 'As soon as one system moves and the next does not follow, its card appears here by itself. Leave this page open.',
  },
  closed: {
    title: 'Nothing has been closed here yet.',
    text: 'What is resolved, healed or dismissed is kept here.',
  },
  all: {
    title: 'Nothing has happened here yet.',
    text: 'Cards appear here by themselves as systems report.',
  },
}

const STATE_WORDS: Record<StreamState, string> = {
  live: '',
  lost: 'Connection lost: what you see may be old. Baton keeps trying.',
  signed_out: 'Your session has ended. Reload the page to sign in again.',
}

const readAddress = (): CardFilter & { exception: string | null } => {
  const parameters = new URLSearchParams(location.hash.slice(1))
  const state = parameters.get('state')
  return {
    channel: parameters.get('channel'),
    state: state === 'closed' || state === 'all' ? state : 'open',
    exception: parameters.get('exception'),
  }
}

/** Changes parts of the address; null removes one. */
const writeAddress = (changes: Record<string, string | null>): void => {
  const parameters = new URLSearchParams(location.hash.slice(1))
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name)
    else parameters.set(name, value)
  }
  location.hash = parameters.toString()
}

const banner = byId('banner', HTMLElement)
const liveSign = byId('live', HTMLElement)
const heading = byId('where', HTMLElement)
const filters = Array.from(document.querySelectorAll<HTMLButtonElement>('[data-state-filter]'))

let filter: CardFilter | null = null

const channels = createChannels(() => {
  heading.textContent = channels.title(filter?.channel ?? null)
})
const details = createDetails(() => writeAddress({ exception: null }))
const showDetails = (id: string): void => writeAddress({ exception: id })

const press = ({ formOpenMs, ...rest }: Press): Promise<WirePressAnswer> =>
  api.press({ ...rest, ...(formOpenMs === null ? {} : { formOpenMs }) })

const channel = (): string | null => filter?.channel ?? null
const batches = createBatches({ press, channel, runCommand: (text) => runCommand(text) })
const answers = createAnswers({ press, channel, showBatch: batches.show })
const runCommand = (text: string): void => void answers.run(text)

const feed = createFeed({
  press,
  runCommand,
  showDetails,
  emptyWords: ({ state }) => EMPTY[state],
  onCount: (open) => {
    document.title = open === 0 ? 'Baton' : `(${open}) Baton`
  },
})

const commandLine = createCommandLine(runCommand)

/** Shows what the address says; what it already shows stays untouched. */
const follow = async (): Promise<void> => {
  const { exception, ...wanted } = readAddress()
  if (filter?.channel !== wanted.channel || filter.state !== wanted.state) {
    filter = wanted
    channels.select(wanted.channel)
    heading.textContent = channels.title(wanted.channel)
    for (const button of filters) {
      button.setAttribute('aria-pressed', String(button.dataset.stateFilter === wanted.state))
    }
    await Promise.all([feed.show(wanted), batches.reload()]).catch(() => onState('lost'))
  }
  if (exception !== null) await details.show(exception)
  else byId('details', HTMLDialogElement).close()
}

const onState = (state: StreamState): void => {
  liveSign.dataset.state = state
  liveSign.textContent = state === 'live' ? 'Live' : 'Offline'
  if (banner.textContent === STATE_WORDS[state]) return
  banner.textContent = STATE_WORDS[state]
  banner.hidden = state === 'live'
  if (state === 'live') announce('Connected')
}

const offerPeople = async (): Promise<void> => {
  const { people, signedIn } = await api.me()
  byId('sign-out', HTMLElement).hidden = !signedIn
  if (people.length === 0) return
  const select = byId('person', HTMLSelectElement)
  select.replaceChildren(
    ...people.map((person) => el('option', { value: person.externalId }, person.displayName)),
  )
  const stored = recall('session', 'person')
  select.value = people.some((person) => person.externalId === stored)
    ? (stored ?? '')
    : (people[0]?.externalId ?? '')
  const speak = (): void => {
    remember('session', 'person', select.value)
    speakAs(select.value)
  }
  select.addEventListener('change', speak)
  speak()
  byId('people', HTMLElement).hidden = false
}

for (const button of filters) {
  button.addEventListener('click', () => {
    const state = button.dataset.stateFilter ?? 'open'
    writeAddress({ state: state === 'open' ? null : state })
  })
}
byId('sign-out', HTMLElement).addEventListener('click', () => void signOut())
window.addEventListener('hashchange', () => void follow())
listenForKeys({ focusCommandLine: commandLine.focus, step: feed.step })
watchUse(byId('feed', HTMLElement))
dropMissedClicks(byId('feed', HTMLElement))
tickTimes()

await offerPeople().catch(() => undefined)
await follow()

let connectedBefore = false
openStream({
  onChange: (change) => {
    const batch = batchOf(change.exception)
    if (batch !== null) return batches.onChange(batch, change.channel)
    feed.onChange(change)
    details.refresh(change.exception)
    channels.refresh()
  },
  onConnected: () => {
    channels.refresh()
    // Between the first reading and the first connection something may have changed as well.
    void feed.reload().catch(() => undefined)
    void batches.reload().catch(() => undefined)
    if (connectedBefore) announce('Connected again')
    connectedBefore = true
  },
  onState,
})
