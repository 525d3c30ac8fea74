import type { Card, CardBlock } from '../src/app/card.ts'
import { commandButton, defineCommand } from '../src/app/command.ts'
import { UserError } from '../src/app/errors.ts'
import type { LinkPlan, PersonView } from '../src/app/people-desk.ts'
import { count } from '../src/app/words.ts'
import { refusedCard } from './split.ts'

type Args =
  | { is: 'list'; words: string }
  | { is: 'link'; one: string; other: string; sure: boolean }
  | { is: 'unlink'; which: string }

/** Persons shown at once; the words after the command narrow the list. */
const MOST_SHOWN = 40
/** Buttons that take a link back. */
const MOST_BUTTONS = 3

/** Words, and "several words" in quotes as one. */
const wordsIn = (text: string): string[] =>
  [...text.matchAll(/["“]([^"”]+)["”]|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')

/** Who is who, with which role, and an admin's word about it. */
export const people = defineCommand<Args>({
  name: 'people',
  aliases: ['persons', 'who'],
  summary: 'Who is who on Slack, Teams and the console, with which role; links two that are one human',
  usage: 'people [name] | people link <one> <other> | people unlink <one>',
  examples: ['people', 'people link 3 7', 'people unlink 7'],
  role: 'admin',
  parse: (text) => {
    const [verb = '', ...rest] = wordsIn(text)
    if (verb.toLowerCase() === 'unlink') {
      const [which] = rest
      return which === undefined || rest.length > 1
        ? { ok: false, error: 'Say whom to take out, by the number that "people" shows.' }
        : { ok: true, args: { is: 'unlink', which } }
    }
    if (verb.toLowerCase() !== 'link') return { ok: true, args: { is: 'list', words: text.trim() } }
    const [one, other, sure = '', ...more] = rest
    const isSure = sure.toLowerCase() === 'yes'
    return one === undefined || other === undefined || more.length > 0 || (sure !== '' && !isSure)
      ? { ok: false, error: 'Say which two are one human, by the numbers that "people" shows.' }
      : { ok: true, args: { is: 'link', one, other, sure: isSure } }
  },
  run: async (args, { asker, people: desk }) => {
    if (args.is === 'list') return { card: listCard(await desk.list(), args.words) }
    try {
      if (args.is === 'unlink') return { card: unlinkedCard(await desk.unlink(args.which)) }
      const { one, other, sure } = args
      return sure
        ? { card: linkedCard(await desk.link(one, other, asker)) }
        : { card: planCard(await desk.planLink(one, other)) }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { card: refusedCard('Nothing was changed', error.message) }
    }
  },
})

type IdentityView = PersonView['identities'][number]

const identityWords = ({ id, surface, name, linked, isApart }: IdentityView): string => {
  const by = linked === null ? '' : `, linked by ${linked.by}`
  return `${surface} ${name} (${id})${by}${isApart ? ', not joined by its address' : ''}`
}

const given = ({ given: { role, from } }: IdentityView): string => `${role ?? 'none'}, by ${from}`

/** One role where it is the same everywhere, else that of each surface. */
const rolesOf = ({ identities }: PersonView): string => {
  const all = [...new Set(identities.map(given))]
  return all.length === 1
    ? (all[0] ?? '')
    : identities.map((each) => `${given(each)} (${each.surface})`).join('; ')
}

const factOf = (person: PersonView) => ({
  label: person.name,
  value: `${rolesOf(person)}: ${person.identities.map(identityWords).join('; ')}`,
})

const listCard = (all: PersonView[], words: string): Card => {
  const wanted = words.toLowerCase()
  const found = all.filter(({ name, identities }) =>
    [name, ...identities.map((each) => each.name)].some((each) => each.toLowerCase().includes(wanted)),
  )
  const shown = found.slice(0, MOST_SHOWN)
  const more = found.length - shown.length
  const summary =
    found.length === 0
      ? 'Nobody of that name has used Baton yet.'
      : `${count(found.length, 'person', 'persons')}${more > 0 ? `; the first ${shown.length} are shown, "people" and a name finds the others` : ''}.`
  const facts: CardBlock[] = shown.length === 0 ? [] : [{ kind: 'facts', facts: shown.map(factOf) }]
  return {
    title: 'People',
    tone: 'neutral',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...facts,
      {
        kind: 'context',
        text: '"people link" and two numbers makes two of them one human; "people unlink" and a number takes one out.',
      },
    ],
  }
}

const changesOf = ({ into, other, after }: LinkPlan): string[] => {
  const before = new Map([...into.identities, ...other.identities].map((each) => [each.id, given(each)]))
  return [
    'One of them can no longer approve what the other asks for, also what is waiting now.',
    `Open claims, "mine" and the figures count both as ${after.name}; what was logged stays as it is.`,
    ...after.identities
      .filter((each) => before.get(each.id) !== given(each))
      .map(
        (each) =>
          `${each.surface} ${each.name} gets the role ${given(each)}; until now ${before.get(each.id)}.`,
      ),
  ]
}

const sides = ({ into, other }: LinkPlan): CardBlock => ({
  kind: 'facts',
  facts: [factOf(into), factOf(other)],
})

const textOf = (lines: string[]): CardBlock => ({ kind: 'text', text: lines.join('\n') })

const planCard = (plan: LinkPlan): Card => ({
  title: `Is ${plan.other.name} the same as ${plan.into.name}?`,
  tone: 'warning',
  summary: `${plan.other.name} (${plan.other.id}) and ${plan.into.name} (${plan.into.id}) would be one person.`,
  blocks: [
    sides(plan),
    textOf(changesOf(plan)),
    {
      kind: 'buttons',
      buttons: [commandButton(`people link ${plan.into.id} ${plan.other.id} yes`, 'They are one human')],
    },
  ],
})

const linkedCard = (plan: LinkPlan): Card => {
  const summary = `${plan.other.name} and ${plan.into.name} are one person: ${plan.after.name}.`
  return {
    title: `Linked: ${plan.after.name}`,
    tone: 'good',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      textOf(changesOf(plan)),
      {
        kind: 'buttons',
        buttons: plan.other.identities
          .slice(0, MOST_BUTTONS)
          .map(({ id, surface, name }) =>
            commandButton(`people unlink ${id}`, `Take ${surface} ${name} out again`),
          ),
      },
    ],
  }
}

const unlinkedCard = ({ out, from }: { out: PersonView; from: PersonView }): Card => {
  const summary = `${out.name} (${out.id}) and ${from.name} (${from.id}) are two people.`
  return {
    title: `Unlinked: ${out.name}`,
    tone: 'good',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      { kind: 'facts', facts: [factOf(out), factOf(from)] },
      textOf([
        'What each did before they were linked is its own again; what was done while they were one stays with the one that stood for both.',
        'Its address does not join it to anybody any more.',
      ]),
      { kind: 'buttons', buttons: [commandButton(`people link ${from.id} ${out.id}`, 'Link them again')] },
    ],
  }
}
