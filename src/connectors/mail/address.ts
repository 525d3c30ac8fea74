/** What HTML's own e-mail field takes, with at least one dot behind the @: one plain address and nothing else. */
const ADDRESS =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i
/** RFC 5321, 4.5.3.1, less the angle brackets. */
export const MAX_ADDRESS = 254

/** Exactly one address: no name before it, no list, no line break that would begin another header. */
export const isAddress = (text: string): boolean => text.length <= MAX_ADDRESS && ADDRESS.test(text)

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The words without the address and the name in it: mail servers repeat whom they refuse. */
export const withoutAddress = (words: string, address: string): string => {
  const [name = ''] = address.split('@')
  const whole = words.replace(new RegExp(quoted(address), 'gi'), 'the recipient')
  // Shorter ones are words of their own.
  return name.length < 3
    ? whole
    : whole.replace(new RegExp(`(?<![\\w.])${quoted(name)}(?![\\w])`, 'gi'), 'the recipient')
}
