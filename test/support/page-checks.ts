import type { Page } from 'playwright-core'

/** Checks of WCAG that can be computed: what they find is described so that it can be found on the page. */

/** Visible texts whose contrast with their background is below AA (4.5, or 3 for large text). */
export const contrastFaults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    /** Any CSS colour as red, green, blue and alpha from 0 to 255. */
    const rgba = (color: string): number[] => {
      if (canvas === null) throw new Error('no canvas')
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const luminance = ([red = 0, green = 0, blue = 0]: number[]): number => {
      const linear = (value: number): number =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
    const backgroundOf = (element: Element | null): number[] => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor)
        if (color[3] === 255) return color
      }
      return rgba('canvas')
    }
    const faults: string[] = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const words = texts.currentNode.textContent?.trim() ?? ''
      const element = texts.currentNode.parentElement
      if (words === '' || element === null || !element.checkVisibility({ visibilityProperty: true })) continue
      if (element.closest('.unseen, noscript, script, option') !== null) continue
      const style = getComputedStyle(element)
      const [light, dark] = [luminance(rgba(style.color)), luminance(backgroundOf(element))].sort(
        (a, b) => b - a,
      )
      const ratio = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5)) faults.push(`"${words}" ${ratio.toFixed(2)} (${style.color})`)
    }
    return faults
  })

/** Controls without a name, ids used twice, and headings or lists that break the page's outline. */
export const namelessControls = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = []
    for (const control of document.querySelectorAll<HTMLElement>(
      'button, a[href], input, select, textarea',
    )) {
      const labels = 'labels' in control && control.labels instanceof NodeList ? [...control.labels] : []
      const named = (control.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
      const name = [control.getAttribute('aria-label') ?? '', control.textContent ?? '', ...named]
        .concat(labels.map((label) => label.textContent ?? ''))
        .join('')
        .trim()
      if (name === '') faults.push(`no name: ${control.outerHTML.slice(0, 120)}`)
    }
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
    for (const id of new Set(ids))
      if (ids.filter((other) => other === id).length > 1) faults.push(`id twice: ${id}`)
    if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1')
    if (document.querySelectorAll('main').length !== 1) faults.push('not exactly one main')
    return faults
  })
