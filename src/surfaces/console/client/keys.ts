import { byId } from './dom.ts'
import { recall, remember } from './storage.ts'

type KeysParts = { focusCommandLine(): void; step(direction: 1 | -1): void }

/**
 * Single keys for people who work in the list all day. They can be switched off, because speech input and shaky
 * hands press them by accident (WCAG 2.1.4).
 */
export const listenForKeys = (parts: KeysParts): void => {
  const dialog = byId('keys', HTMLDialogElement)
  const enabled = byId('keys-enabled', HTMLInputElement)
  enabled.checked = recall('local', 'keys') !== 'off'
  enabled.addEventListener('change', () => remember('local', 'keys', enabled.checked ? 'on' : 'off'))
  byId('keys-open', HTMLButtonElement).addEventListener('click', () => dialog.showModal())
  byId('keys-close', HTMLButtonElement).addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })

  const actions: Record<string, () => void> = {
    '/': parts.focusCommandLine,
    j: () => parts.step(1),
    k: () => parts.step(-1),
    '?': () => dialog.showModal(),
  }
  document.addEventListener('keydown', (event) => {
    const action = actions[event.key]
    if (action === undefined || !enabled.checked || isTyping(event) || document.querySelector('dialog[open]'))
      return
    event.preventDefault()
    action()
  })
}

const isTyping = (event: KeyboardEvent): boolean =>
  event.ctrlKey ||
  event.metaKey ||
  event.altKey ||
  (event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]'))
