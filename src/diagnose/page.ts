import type { Drawing } from '../charts/svg.ts'
import { page as theme } from '../charts/theme.ts'
import type { Concentration } from '../domain/diagnosis/concentration.ts'
import type { HandoffDiagnosis } from '../domain/diagnosis/handoff.ts'
import { DEFINITIONS } from './definitions.ts'
import { concentrationFigure, downstreamFigure, TREND_NOTE, trendFigure } from './figures.ts'
import { drawMap, mapLines } from './map.ts'
import { STYLE } from './page-style.ts'
import type { Report } from './report.ts'
import {
  concentrationWords,
  count,
  dayWords,
  downstreamWords,
  fixTitle,
  fixWords,
  handoffTitle,
  hours,
  lagParts,
  plain,
  pluralOf,
  rateWords,
  readWords,
  sharePercent,
  standingParts,
  stepTitle,
  stepWords,
  trendWords,
} from './words.ts'

const WIDE = 960
const NARROW = 340
const FIGURE = 400

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const paragraph = (words: string[]): string => `<p>${escapeHtml(words.join(' '))}</p>`
const figure = ({ svg, width }: Drawing, only = ''): string =>
  `<div class="figure ${only}" style="max-width:${Math.round(width)}px">${svg}</div>`

/**
 * The report as one file that needs nothing else: no script, no request, charts inside, light and dark, for a phone
 * and for paper.
 */
export const pageOf = async (report: Report): Promise<string> => {
  const { diagnosis, name } = report
  const handoffs = await Promise.all(diagnosis.handoffs.map((handoff) => article(handoff, report)))
  const title = `${name}: what its handoffs show`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
${paragraph(readWords(report))}
</header>
<section>
<h2>Fix first</h2>
${fixes(report)}
</section>
<section>
<h2>Handoff map</h2>
${figure(drawMap(report, WIDE, theme, false), 'wide')}
${figure(drawMap(report, NARROW, theme, true), 'narrow')}
<details><summary>The map in words</summary><ul>${mapLines(report)
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .join('')}</ul></details>
</section>
${handoffs.join('\n')}
${steps(report)}
${read(report)}
<section>
<h2>How each figure is defined</h2>
<dl class="definitions">${DEFINITIONS.map(
    ({ term, meaning }) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(meaning)}</dd>`,
  ).join('\n')}</dl>
</section>
</main>
</body>
</html>
`
}

const fixes = (report: Report): string => {
  const { fixFirst } = report.diagnosis
  if (fixFirst.length === 0) return '<p>Nothing was missed, and nothing got lost.</p>'
  const items = fixFirst.map((fix) => {
    const about = fix.kind === 'contract' ? `<p class="what">${escapeHtml(fix.handoff.title)}</p>` : ''
    return `<li><h3>${escapeHtml(fixTitle(fix))}</h3>${about}${paragraph(fixWords(fix, report))}</li>`
  })
  return `<ol class="fixes">${items.join('\n')}</ol>`
}

type Fact = { name: string; figure: string; basis: string }

const keyFigures = (handoff: HandoffDiagnosis): Fact[] => {
  const rate = (name: string, of: HandoffDiagnosis['missed'], note = ''): Fact => ({
    name,
    figure: sharePercent(of),
    basis: `${rateWords(of)
      .replace(/^[^(]*\(/, '')
      .replace(/\)$/, '')}${note}`,
  })
  return [
    rate('Missed: late or never', handoff.missed),
    rate('Late', handoff.late),
    ...(handoff.lines ? [rate(`Late, by ${handoff.lines.name}`, handoff.lines.late)] : []),
    {
      name: 'Volume',
      figure: count(handoff.volume),
      basis: `became owed; ${count(handoff.completed)} were completed`,
    },
  ]
}

const article = async (handoff: HandoffDiagnosis, report: Report): Promise<string> => {
  const { diagnosis } = report
  const facts = keyFigures(handoff).map(
    ({ name, figure: value, basis }) =>
      `<div><dt>${escapeHtml(name)}</dt><dd><b>${escapeHtml(value)}</b> <span>${escapeHtml(basis)}</span></dd></div>`,
  )
  const lag = lagParts(handoff.lag).map(
    ({ name, words }) => `<tr><th>${name}</th><td>${escapeHtml(words)}</td></tr>`,
  )
  const standings = standingParts(handoff).map(
    ({ n, words }) => `<tr><td class="n">${count(n)}</td><td>${escapeHtml(words)}</td></tr>`,
  )
  const downstream = handoff.downstream.map((own) => {
    const later = diagnosis.handoffs.find(({ contract }) => contract === own.contract)?.title ?? own.contract
    return `<div class="pair">${figure(downstreamFigure(own, later, { width: FIGURE, theme }))}<div>${paragraph(downstreamWords(own, report))}</div></div>`
  })
  const trends = await Promise.all([
    trendFigure(handoff.trend, { width: WIDE - 80, theme, ticks: 10 }),
    trendFigure(handoff.trend, { width: NARROW, theme, ticks: 3 }),
  ])
  return `<section class="handoff">
<h2>${escapeHtml(handoffTitle(handoff))}</h2>
<p class="what"><b>${escapeHtml(handoff.title)}.</b> ${escapeHtml(handoff.meaning)}</p>
<dl class="key">${facts.join('')}</dl>
<div class="columns">
<div><h3>What became of the ${count(handoff.volume)}</h3><table>${standings.join('')}</table></div>
<div><h3>Lag (n = ${count(handoff.lag.n)})</h3><table>${lag.join('')}</table></div>
</div>
${downstream.length > 0 ? `<h3>What goes with it downstream</h3>${downstream.join('')}` : ''}
${handoff.concentration.length > 0 ? `<h3>Where it piles up</h3>${handoff.concentration.map(pile).join('')}` : ''}
<h3>Week by week</h3>
<p>${escapeHtml(trendWords(handoff.trend))}</p>
${figure(trends[0], 'wide')}${figure(trends[1], 'narrow')}
<p class="note">${escapeHtml(TREND_NOTE)}</p>
</section>`
}

const pile = (own: Concentration): string => {
  const drawing = concentrationFigure(own, { width: FIGURE, theme })
  const rows = own.list.map(
    ({ name, late }) =>
      `<tr><td class="name">${escapeHtml(name)}</td><td class="n">${count(late.hits)} of ${count(late.of)}</td><td class="n">${sharePercent(late)}</td></tr>`,
  )
  const list =
    rows.length === 0
      ? ''
      : `<details><summary>The ${rows.length === 1 ? 'one' : rows.length} called the worst</summary><div class="scroll"><table><tr><th>${escapeHtml(plain(own.dimension))}</th><th class="n">late</th><th class="n">rate</th></tr>${rows.join('')}</table></div></details>`
  return `<h4>${escapeHtml(pluralOf(own.dimension))}</h4><div class="pair">${drawing ? figure(drawing) : ''}<div>${paragraph(concentrationWords(own))}${list}</div></div>`
}

const steps = (report: Report): string => {
  const { steps: all, handoffs } = report.diagnosis
  if (all.length === 0) return ''
  const items = all.map((step) => {
    const contract = handoffs.find((handoff) => handoff.contract === step.contract)
    const watched = contract ? `Watched by “${contract.title}”.` : 'No contract watches it.'
    const { medianHours } = step.lag
    const rest = lagParts(step.lag)
      .slice(1)
      .map(({ name, words }) => `${name} ${words}`)
    return `<li><h3>${escapeHtml(stepTitle(step))}</h3>
<p><b>${medianHours === null ? 'no lag' : `median ${escapeHtml(hours(medianHours))}`}</b>, ${escapeHtml(rest.join(', '))} (n = ${count(step.lag.n)}). ${escapeHtml([...stepWords(step), watched].join(' '))}</p></li>`
  })
  return `<section><h2>Steps seen in the data</h2><p>Found without any contract: which system’s state usually follows which.</p><ul class="steps">${items.join('\n')}</ul></section>`
}

const read = (report: Report): string => {
  const { bad, badCount, notes, systems, asOf, zone } = report
  const items = [
    `Systems: ${systems.map(({ name, role }) => `${name} (${role})`).join(', ')}.`,
    `The export ends on ${dayWords(asOf, zone)}; days and weeks are those of ${zone}.`,
    ...notes,
    ...bad.map(({ at, reason }) => `${at}: ${reason}`),
    ...(badCount > bad.length ? [`and ${count(badCount - bad.length)} more bad rows.`] : []),
  ]
  return `<section><h2>What it was made from</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul></section>`
}
