import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import ip from 'ipaddr.js'
import { buildConnector } from 'undici'
import { SystemError } from '../../app/errors.ts'

/** Asks for every address of a name, as `dns.lookup` does with `all`. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export type Guard = {
  /** Hosts that may be called wherever they lie, as they stand in the address. */
  allowHosts: readonly string[]
  /** How names are resolved; for tests. */
  lookup?: Lookup
}

/**
 * What kind of address it is where that is not one that the whole Internet shares (`loopback`, `private`, `linkLocal`:
 * cloud metadata, ...); null for a public one. IPv4 inside IPv6 counts as what it is inside, because it is where the
 * packets go.
 */
export const reservedRange = (address: string): string | null => {
  if (!ip.isValid(address)) return 'unknown'
  const known = ip.process(address)
  // `::7f00:1`, the long-forgotten way of writing 127.0.0.1 in IPv6, is in no table of ranges.
  if (
    known.kind() === 'ipv6' &&
    known
      .toByteArray()
      .slice(0, 12)
      .every((byte) => byte === 0)
  )
    return 'ipv4Compatible'
  const range = known.range()
  return range === 'unicast' ? null : range
}

const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')

/**
 * Connects only to public addresses, but for hosts that are allowed by name. What is checked is the very address that
 * is connected to, so that a name which resolves differently a moment later gains nothing. The URL parser has already
 * turned `2130706433` and `0x7f.1` into the address that they mean.
 */
export const guardedConnect = (
  system: string,
  { allowHosts, lookup = systemLookup }: Guard,
  options: buildConnector.BuildOptions,
): buildConnector.connector => {
  const allowed = new Set(allowHosts.map(bare))
  const refusal = (host: string, address: string, range: string) =>
    new SystemError(
      system,
      'misconfigured',
      `${system}: ${host}${host === address ? '' : ` is ${address}, which`} is no public address (${range}). If it is meant, name it under allow_hosts.`,
    )
  const resolving =
    (isChecked: boolean) =>
    (
      hostname: string,
      wanted: LookupOptions,
      done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
    ) =>
      lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
        if (error) return done(error, [])
        // One address among public ones that is not public is no accident either.
        for (const { address } of isChecked ? addresses : []) {
          const range = reservedRange(address)
          if (range !== null) return done(refusal(hostname, address, range), [])
        }
        const [first] = addresses
        if (!first) return done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), [])
        return wanted.all ? done(null, addresses) : done(null, first.address, first.family)
      })
  const toAnywhere = buildConnector({ ...options, lookup: resolving(false) })
  const toPublic = buildConnector({ ...options, lookup: resolving(true) })
  return (target, callback) => {
    const host = bare(target.hostname)
    if (allowed.has(host)) return toAnywhere(target, callback)
    // A literal address is connected to without a lookup.
    const range = ip.isValid(host) ? reservedRange(host) : null
    return range === null ? toPublic(target, callback) : callback(refusal(host, host, range), null)
  }
}
