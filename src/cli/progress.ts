const WIDTH = 30

/** A bar on standard error while somebody watches; nothing where it goes to a file. */
export const progressBar = (label: string): { show(done: number, of: number): void; end(): void } => {
  const { stderr } = process
  let last = ''
  return {
    show(done, of) {
      if (!stderr.isTTY || of === 0) return
      const share = Math.min(1, done / of)
      const filled = Math.round(share * WIDTH)
      const line = `${label} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.round(share * 100)}%`
      if (line === last) return
      last = line
      stderr.write(`\r${line}`)
    },
    end() {
      if (last !== '') stderr.write('\r\u001b[K')
    },
  }
}
