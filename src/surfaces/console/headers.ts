import type { RequestHandler } from 'express'

/**
 * Everything comes from this server and nothing may frame it. Adaptive Cards sets styles through the DOM, which a
 * policy without 'unsafe-inline' allows.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Set on every answer of the console, refusals included. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': POLICY,
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  })
  next()
}

/** For the login page, which must look right before any file may be fetched. */
export const policyWithStyle = (styleHash: string): string =>
  POLICY.replace("style-src 'self'", `style-src '${styleHash}'`)
