/** An SVG picture with its size in px. */
export type Drawing = { svg: string; width: number; height: number }

/** The font of pictures, which are drawn with a font of our own; a page adds what the reader's system has. */
export const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', sans-serif"

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** One decimal is finer than any screen, and keeps files small and the same everywhere. */
export const px = (value: number): string => String(Math.round(value * 10) / 10)

const NARROW = new Set("iljtfrI.,:;'|!()[] ")
const WIDE = new Set('mwMW@%')

/** About how wide a text is, in px. Rather too wide than too narrow. */
export const widthOf = (text: string, size: number, bold = false): number => {
  let ems = 0
  for (const sign of text) {
    if (NARROW.has(sign)) ems += 0.33
    else if (WIDE.has(sign)) ems += 0.92
    else if (sign >= '\u2e80') ems += 1
    else ems += sign >= 'A' && sign <= 'Z' ? 0.7 : 0.6
  }
  return ems * size * (bold ? 1.06 : 1)
}

/** Cuts a text that is too wide for its place. */
export const cut = (text: string, size: number, width: number, bold = false): string => {
  if (widthOf(text, size, bold) <= width) return text
  let short = text
  while (short.length > 1 && widthOf(`${short}…`, size, bold) > width) short = short.slice(0, -1)
  return `${short}…`
}

/** Breaks a text into lines that are at most `width` px wide. */
export const wrap = (text: string, size: number, width: number, bold = false): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer, size, bold) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}

type TextStyle = { size: number; fill: string; bold?: boolean; anchor?: 'start' | 'middle' | 'end' }

export const textAt = (x: number, y: number, words: string, style: TextStyle): string => {
  const { size, fill, bold = false, anchor = 'start' } = style
  return `<text x="${px(x)}" y="${px(y)}" font-family="${FONT}" font-size="${size}" font-weight="${bold ? 600 : 400}" fill="${fill}" text-anchor="${anchor}">${escapeXml(words)}</text>`
}

/** `title`: what a reader who cannot see the picture is told. */
export const svgOf = (width: number, height: number, title: string, body: string): Drawing => ({
  width,
  height,
  svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}" role="img" aria-label="${escapeXml(title)}">${body}</svg>`,
})

/** Puts a drawing into another one. */
export const placed = ({ svg }: Drawing, x: number, y: number): string =>
  svg.replace('<svg ', `<svg x="${px(x)}" y="${px(y)}" `)
