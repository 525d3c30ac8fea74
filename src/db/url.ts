/**
 * The same address for the queue's driver (pg), whose `sslmode=require` also demands a certificate that it can check.
 * This asks it to mean what PostgreSQL's own clients, and the other driver, mean by it: encrypt, do not check.
 */
export function queueUrl(url: string): string {
  const address = new URL(url)
  if (address.searchParams.has('sslmode')) address.searchParams.set('uselibpqcompat', 'true')
  return address.href
}
