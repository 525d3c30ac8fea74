import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import type { BadRow, Connector, WireFact } from '../app/connector.ts'
import { UserError, wordsOf } from '../app/errors.ts'
import { sift, toFacts } from '../app/facts.ts'
import type { Config } from '../config/config.ts'
import { contractsFor } from '../config/contracts.ts'
import { connectAll } from '../connectors/index.ts'
import type { Contract, Selector } from '../domain/contract/contract.ts'
import { type Fact, ROLES } from '../domain/model.ts'

/** A pasted delivery: where it stands (`-` is standard input), whose it is, and the headers it came with. */
export type Sample = { file: string; system: string | undefined; headers: string[] }

type Signature = { is: 'not_checked' | 'good' | 'bad'; words: string }

/** What a sample would become, for people and for programs. */
export type Read = {
  system: string
  facts: { type: string; id: string; state: string; words: string; feeds: string[]; lacks: string[] }[]
  bad: BadRow[]
  unknownWords: string[]
  signature: Signature
}

const selectorsOf = ({ rule }: Contract): Selector[] => {
  switch (rule.form) {
    case 'follow':
      return [rule.when, rule.then, ...rule.unless]
    case 'agree':
      return [...rule.left, ...rule.right, ...rule.suspend]
    case 'leave':
      return [rule.object, ...rule.while]
    case 'one':
      return rule.within ? [rule.object, rule.within.of] : [rule.object]
  }
}

type About = Pick<Fact, 'role' | 'type'>
const isAbout = ({ role, type }: About, fact: About): boolean => role === fact.role && type === fact.type

/** Names of values of this kind of object that a contract compares. */
const comparedBy = (contract: Contract, fact: Fact): { quantities: string[]; attributes: string[] } => {
  const { rule } = contract
  const terms =
    rule.form === 'agree' ? [...rule.left, ...rule.right].filter((term) => isAbout(term, fact)) : []
  const quantities = terms.flatMap((term) => ('quantity' in term ? [term.quantity] : []))
  const attributes = terms.flatMap((term) =>
    'attribute' in term ? [term.attribute] : 'instant' in term ? [term.instant] : [],
  )
  if (rule.form === 'follow' && rule.covers && (isAbout(rule.when, fact) || isAbout(rule.then, fact)))
    quantities.push(rule.covers)
  if (rule.form === 'one' && rule.within && isAbout(rule.object, fact)) quantities.push(rule.within.quantity)
  return { quantities, attributes }
}

const lackedBy = (contract: Contract, fact: Fact): string[] => {
  const { quantities, attributes } = comparedBy(contract, fact)
  return [
    ...quantities.filter((name) => fact.quantities[name] === undefined),
    ...attributes.filter((name) => (fact.attributes[name] ?? null) === null),
  ].map((name) => `${name} (${contract.id})`)
}

const listed = (values: Record<string, unknown>): string[] =>
  Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name} ${String(value)}`]))

const wordsFor = (fact: Fact): string => {
  const raw = fact.rawState === fact.state ? '' : ` (said as ${fact.rawState})`
  const keys = fact.keys.map(
    ({ name, value, kind }) => `${kind === 'identity' ? 'is' : 'refers to'} ${name} ${value}`,
  )
  const parts = [...keys, ...listed(fact.quantities), ...listed(fact.attributes)]
  return `${fact.type} ${fact.externalId}: ${fact.state}${raw} at ${fact.occurredAt.toISOString()}; ${parts.join(', ')}`
}

const headersOf = (given: string[]): Record<string, string> =>
  Object.fromEntries(
    given.map((line) => {
      const at = line.indexOf(':')
      if (at <= 0) throw new UserError(`--header "${line}": write it as 'X-Signature: abc'.`, 2)
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]
    }),
  )

/** A sample that was signed a while ago verifies up to its time, and is then called a replay: as it would be. */
const signatureOf = (
  { webhook }: Connector,
  given: string[],
  body: Buffer,
  now: Date,
): { signature: Signature; body: Buffer } => {
  if (!webhook || given.length === 0)
    return { signature: { is: 'not_checked', words: "no headers were given (--header 'Name: value')" }, body }
  const verified = webhook.verify({ headers: headersOf(given), receivedAt: now }, body)
  if (!verified.ok)
    return { signature: { is: 'bad', words: `${verified.reason} (${verified.status})` }, body }
  const words = `it verifies; a redelivery is known by ${verified.deliveryKey}`
  return { signature: { is: 'good', words }, body: verified.body ?? body }
}

const receiverOf = (connectors: Connector[], wanted: string | undefined): Connector => {
  const receivers = connectors.filter(({ webhook }) => webhook)
  const names = receivers.map(({ system }) => system).join(', ') || 'none'
  const found = wanted === undefined ? receivers : receivers.filter(({ system }) => system === wanted)
  const [only, second] = found
  if (only && !second) return only
  const problem = wanted === undefined ? 'say which system it is from' : `"${wanted}" is no system that sends`
  throw new UserError(`--system: ${problem}; systems that send: ${names}.`, 2)
}

const bodyFrom = async (file: string): Promise<Buffer> => {
  if (file === '-') return Buffer.from(await readStream(process.stdin))
  return readFile(file).catch((error: unknown) => {
    throw new UserError(`${file}: cannot be read (${wordsOf(error)}).`, 2)
  })
}

const parsed = (connector: Connector, body: Buffer): { facts: WireFact[]; bad: BadRow[] } => {
  try {
    return connector.webhook?.parse(body) ?? { facts: [], bad: [] }
  } catch (error) {
    return { facts: [], bad: [{ at: 'the whole body', reason: wordsOf(error) }] }
  }
}

/**
 * What a pasted delivery would become, without keeping or changing anything. Throws UserError where it cannot be read,
 * or where nobody says whose it is.
 */
export const readSample = async (config: Config, sample: Sample, now: Date): Promise<Read> => {
  const connectors = connectAll(config.yml.systems, { now: () => now })
  const connector = receiverOf(connectors, sample.system)
  const { signature, body } = signatureOf(connector, sample.headers, await bodyFrom(sample.file), now)
  const { facts, bad } = parsed(connector, body)
  const { sound, bad: unfit } = sift(toFacts(connector, facts, now, 0))
  const roles = connectors.map(({ role }) => role)
  const on = contractsFor(roles, config.yml.contracts)
  const known = contractsFor(ROLES, config.yml.contracts)
  return {
    system: connector.system,
    facts: sound.map((fact) => {
      const about = (contract: Contract) => selectorsOf(contract).some((selector) => isAbout(selector, fact))
      const fed = on.filter(about)
      const others = known.filter((contract) => about(contract) && !on.some(({ id }) => id === contract.id))
      return {
        type: fact.type,
        id: fact.externalId,
        state: fact.state,
        words: wordsFor(fact),
        feeds: [
          ...fed.map(({ id }) => id),
          ...others.map(({ id }) => `${id} (once its other systems are there)`),
        ],
        lacks: [...new Set(fed.flatMap((contract) => lackedBy(contract, fact)))],
      }
    }),
    bad: [...bad, ...unfit],
    unknownWords: [...new Set(bad.flatMap(({ unknownWord }) => unknownWord ?? []))],
    signature,
  }
}

/** The same, line by line. */
export const sampleLines = ({ system, facts, bad, unknownWords, signature }: Read): string[] => {
  const signed = { not_checked: 'not checked', good: 'ok', bad: 'BAD' }[signature.is]
  return [
    `From ${system}, this would become ${facts.length} facts, and ${bad.length} rows could not be read.`,
    `Signature: ${signed}: ${signature.words}.`,
    ...facts.flatMap(({ words, feeds, lacks }) => [
      `ok   ${words}`,
      `       feeds: ${feeds.join(', ') || 'no contract looks at this'}`,
      ...(lacks.length > 0 ? [`       not stated, though it is compared: ${lacks.join(', ')}`] : []),
    ]),
    ...bad.map(({ at, reason }) => `BAD  ${at}: ${reason}`),
    ...(unknownWords.length > 0 ? [`Words that no map knows: ${unknownWords.join(', ')}.`] : []),
    facts.length === 0 && bad.length === 0 ? 'Nothing in it is of interest: no mapping takes it.' : '',
  ].filter((line) => line !== '')
}
