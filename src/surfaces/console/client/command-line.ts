import { byId } from './dom.ts'
import { recall, remember } from './storage.ts'

const MAX_HISTORY = 50

/** The command line at the bottom: Enter runs, the arrows walk through what was run before. */
export const createCommandLine = (run: (text: string) => void): { focus(): void } => {
  const form = byId('command', HTMLFormElement)
  const input = byId('command-text', HTMLInputElement)
  const help = byId('command-help', HTMLButtonElement)
  let history = readHistory()
  /** How far back the arrows have walked; 0 = the line being typed. */
  let back = 0
  let draft = ''

  const submit = (text: string): void => {
    history = [...history.filter((earlier) => earlier !== text), text].slice(-MAX_HISTORY)
    remember('session', 'commands', JSON.stringify(history))
    back = 0
    draft = ''
    run(text)
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    submit(text)
  })
  help.addEventListener('click', () => submit('help'))

  const walk = (step: 1 | -1): void => {
    const wanted = back + step
    if (wanted < 0 || wanted > history.length) return
    if (back === 0) draft = input.value
    back = wanted
    input.value = back === 0 ? draft : (history[history.length - back] ?? '')
    input.setSelectionRange(input.value.length, input.value.length)
  }

  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault()
      walk(event.key === 'ArrowUp' ? 1 : -1)
    } else if (event.key === 'Escape') {
      if (input.value === '') input.blur()
      input.value = ''
      back = 0
    }
  })
  return { focus: () => input.focus() }
}

const readHistory = (): string[] => {
  try {
    const stored: unknown = JSON.parse(recall('session', 'commands') ?? '[]')
    return Array.isArray(stored) ? stored.filter((entry) => typeof entry === 'string') : []
  } catch {
    return []
  }
}
