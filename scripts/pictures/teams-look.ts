/** Colours and sizes near those of Teams' light theme, as the Adaptive Cards library wants them. */

const on = (backgroundColor: string) => ({ backgroundColor, foregroundColors })
const color = (shade: string) => ({ default: shade, subtle: shade })

const foregroundColors = {
  default: { default: '#252424', subtle: '#616161' },
  dark: { default: '#252424', subtle: '#616161' },
  light: color('#FFFFFF'),
  accent: color('#5B5FC7'),
  good: color('#237B4B'),
  warning: color('#835C00'),
  attention: color('#A72037'),
}

export const HOST_CONFIG = {
  supportsInteractivity: true,
  fontFamily: 'Inter, sans-serif',
  fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
  fontWeights: { lighter: 400, default: 400, bolder: 600 },
  lineHeights: { small: 16, default: 20, medium: 24, large: 24, extraLarge: 32 },
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: '#E0E0E0' },
  containerStyles: {
    default: on('#FFFFFF'),
    emphasis: on('#F5F5F5'),
    accent: on('#E8EBFA'),
    good: on('#E7F2DA'),
    warning: on('#FBF6D9'),
    attention: on('#FCF4F6'),
  },
  factSet: {
    title: { weight: 'bolder', wrap: true, maxWidth: 150 },
    value: { wrap: true },
    spacing: 10,
  },
  table: { cellSpacing: 8 },
  actions: {
    maxActions: 6,
    spacing: 'default',
    buttonSpacing: 0,
    actionsOrientation: 'horizontal',
    actionAlignment: 'left',
    allowTitleToWrap: true,
  },
}
