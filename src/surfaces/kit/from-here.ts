import type { IncomingMessage } from 'node:http'

/** What tells where a request comes from; `peer` is the socket's own address, never one that a header claims. */
export type Arrival = {
  httpVersion: string
  peer: string | undefined
  headers: IncomingMessage['headers']
}

/**
 * Why a request is not of this machine alone; null when it is. A tunnel or a proxy makes strangers look local, and a
 * page in a browser may reach loopback under a name of its own: the peer, the Host and the absence of a proxy's traces
 * must all agree.
 */
export const notFromHere = (arrival: Arrival): string | null => {
  if (!isLoopbackAddress(arrival.peer)) return 'The request comes from another computer.'
  if (!isLoopbackHost(arrival.headers.host)) return 'The request is addressed to another host name.'
  const trace = proxyTrace(arrival)
  return trace === null ? null : `The request came through a proxy or tunnel (${trace}).`
}

const isLoopbackAddress = (address: string | undefined): boolean =>
  address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address ?? '')

const isLoopbackHost = (host: string | undefined): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host ?? '')

const PROXY_HEADERS =
  /^(forwarded|via|cdn-loop|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|fastly-client-ip|(x-forwarded|x-original|x-envoy|cf|fly|tailscale)(-.+)?)$/

/** The sign of a proxy, as far as it leaves one. A proxy that leaves none must be kept off this port. */
const proxyTrace = ({ headers, httpVersion }: Arrival): string | null => {
  const header = Object.keys(headers).find((name) => PROXY_HEADERS.test(name))
  if (header !== undefined) return header
  // No browser and no current client speaks it; proxies with default settings do, and add no header.
  return httpVersion === '1.0' ? 'HTTP/1.0' : null
}
