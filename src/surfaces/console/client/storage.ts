/** The browser's storage may be switched off or full: then nothing is remembered, and nothing else is missing. */

export const remember = (storage: 'session' | 'local', name: string, value: string): void => {
  try {
    storageOf(storage).setItem(`baton.${name}`, value)
  } catch {}
}

export const recall = (storage: 'session' | 'local', name: string): string | null => {
  try {
    return storageOf(storage).getItem(`baton.${name}`)
  } catch {
    return null
  }
}

const storageOf = (storage: 'session' | 'local'): Storage =>
  storage === 'session' ? sessionStorage : localStorage
