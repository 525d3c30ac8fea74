/**
 * Colours by meaning. A chart that is drawn into a page takes `page`, whose colours follow the page's light or dark
 * side; a picture takes `light`. Told apart by people who see no red or green: the tones differ in lightness and in
 * blue against yellow, and every chart also says in words what they say.
 */
export type Tone = 'low' | 'some' | 'raised' | 'high' | 'none'
export type Theme = Record<'ink' | 'soft' | 'line' | 'paper' | 'panel' | Tone, string>

export const light: Theme = {
  ink: '#18202b',
  soft: '#55616f',
  line: '#d3dae2',
  paper: '#ffffff',
  panel: '#f3f6f9',
  none: '#8792a0',
  low: '#1f78a4',
  some: '#9a7400',
  raised: '#c4510a',
  high: '#93124a',
}

export const dark: Theme = {
  ink: '#e9eef3',
  soft: '#a9b5c1',
  line: '#35414e',
  paper: '#11171e',
  panel: '#1a222b',
  none: '#8391a0',
  low: '#5fb3dd',
  some: '#dcbb3c',
  raised: '#f58a45',
  high: '#ff7fae',
}

/** Custom properties, to be declared by the page with `declarations(light)` and `declarations(dark)`. */
export const page: Theme = {
  ink: 'var(--ink)',
  soft: 'var(--soft)',
  line: 'var(--line)',
  paper: 'var(--paper)',
  panel: 'var(--panel)',
  none: 'var(--none)',
  low: 'var(--low)',
  some: 'var(--some)',
  raised: 'var(--raised)',
  high: 'var(--high)',
}

export const declarations = (theme: Theme): string =>
  Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** The classes of a breach rate (a share), each with its words. Null: nobody has set a deadline. */
export const TONES: { tone: Tone; below: number; words: string }[] = [
  { tone: 'low', below: 0.01, words: 'under 1%' },
  { tone: 'some', below: 0.05, words: '1 to 5%' },
  { tone: 'raised', below: 0.15, words: '5 to 15%' },
  { tone: 'high', below: Number.POSITIVE_INFINITY, words: '15% or more' },
]

export const toneOf = (share: number | null): Tone =>
  share === null ? 'none' : (TONES.find(({ below }) => share < below)?.tone ?? 'high')
