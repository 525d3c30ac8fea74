/**
 * How this host draws Adaptive Cards. Colours are the page's own CSS variables, so that light and dark switch
 * without drawing a card again; sizes are those of the page.
 */

const color = (name: string) => ({ default: `var(--${name})`, subtle: `var(--${name}-soft, var(--${name}))` })

const foregroundColors = {
  default: { default: 'var(--ink)', subtle: 'var(--ink-soft)' },
  dark: { default: 'var(--ink)', subtle: 'var(--ink-soft)' },
  light: { default: 'var(--ink)', subtle: 'var(--ink-soft)' },
  accent: color('accent'),
  good: color('good'),
  warning: color('warning'),
  attention: color('danger'),
}

// Tones mark the title by its sign and the frame by its stripe: a washed background would shout.
const style = { backgroundColor: 'transparent', foregroundColors }

export const HOST_CONFIG = {
  supportsInteractivity: true,
  fontFamily: 'inherit',
  fontSizes: { small: 13, default: 14, medium: 16, large: 18, extraLarge: 22 },
  fontWeights: { lighter: 400, default: 400, bolder: 600 },
  lineHeights: { small: 18, default: 20, medium: 22, large: 24, extraLarge: 28 },
  spacing: { small: 4, default: 10, medium: 14, large: 18, extraLarge: 24, padding: 18 },
  separator: { lineThickness: 1, lineColor: 'var(--line)' },
  textBlock: { headingLevel: 3 },
  textStyles: {
    heading: { size: 'medium', weight: 'bolder' },
    columnHeader: { weight: 'default', isSubtle: true },
  },
  containerStyles: {
    default: style,
    emphasis: { ...style, backgroundColor: 'var(--well)' },
    accent: style,
    good: style,
    warning: style,
    attention: style,
  },
  factSet: {
    title: { size: 'default', weight: 'default', isSubtle: true, wrap: true, maxWidth: 160 },
    value: { size: 'default', weight: 'default', isSubtle: false, wrap: true },
    spacing: 10,
  },
  table: { cellSpacing: 6 },
  inputs: {
    label: {
      inputSpacing: 'small',
      requiredInputs: { weight: 'default', suffix: ' *', suffixColor: 'attention' },
      optionalInputs: { weight: 'default' },
    },
    errorMessage: { size: 'small', color: 'attention', weight: 'default' },
  },
  actions: {
    maxActions: 100,
    spacing: 'default',
    buttonSpacing: 0,
    showCard: { actionMode: 'inline', inlineTopMargin: 10, style: 'emphasis' },
    actionsOrientation: 'horizontal',
    actionAlignment: 'left',
    allowTitleToWrap: true,
  },
} as const
